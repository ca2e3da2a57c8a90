import { holds, releaseIs, runBegins, targetIs, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE, CRASHES } from "./traits.ts";

/** Unreachable is not failed. */
export const unreachable: readonly Story[] = [
  story(
    "the first wave waits for a cluster that is down",
    {
      shows:
        "The first wave is there to find out: whatever maxUnreachable says, it waits for all of its clusters, for half an hour here, and nothing has failed.",
      strategy: { minSuccessTime: "10s", maxUnreachable: "100%" },
    },
    async (world) => {
      world.fault.takesDown("eu");
      world.ci.releases("2");
      await world.quietly(1800);
      world.fault.bringsBack("eu");
      await world.ends();
    },
  ),
  story(
    "a later wave goes on without a cluster that is down, and catches it up",
    {
      shows:
        "maxUnreachable 1: us is left out and named, and the release ends SucceededWithSkips. When us returns an hour later it is brought to the same revision by itself.",
      strategy: { minSuccessTime: "10s", maxUnreachable: 1 },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.fault.takesDown("us");
      await world.ends();
      await world.quietly(3600);
      world.fault.bringsBack("us");
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "a later wave waits when more clusters are down than may be left out",
    {
      shows: "maxUnreachable 1, and two are down: the wave waits until one is back, and leaves out the other.",
      clusters: ["eu", "us", "ap", "sa"],
      strategy: { minSuccessTime: "10s", maxUnreachable: 1, maxConcurrency: "100%" },
    },
    async (world) => {
      world.fault.takesDown("us", "ap");
      world.ci.releases("2");
      await world.until(targetIs("sa", "Ready"));
      await world.quietly(600);
      world.fault.bringsBack("us");
      await world.ends();
      world.fault.bringsBack("ap");
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "a cluster that is lost after it was patched holds its wave",
    {
      shows:
        "What becomes of us is Unknown, so no verdict is passed on its wave, whatever maxUnreachable says. When it is back, it is found to be well.",
      strategy: { minSuccessTime: "10s", maxUnreachable: "100%" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.fault.takesDown("us");
      await world.quietly(1800);
      world.fault.bringsBack("us");
      await world.ends();
    },
  ),
  story(
    "a cluster that is lost while its wave soaks stops the clock",
    {
      shows: "Silence is not evidence: while eu does not answer, no soak is counted.",
      strategy: { minSuccessTime: "1m" },
      clusters: ["eu", "us"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      await world.passes(20);
      world.fault.takesDown("eu");
      await world.quietly(600);
      world.fault.bringsBack("eu");
      await world.ends();
    },
  ),
  story(
    "a rollback that cannot reach a cluster takes it back when it returns, before anything else",
    {
      shows:
        "eu is lost while us fails. us goes back, eu cannot: RollbackIncomplete. A newer revision is released meanwhile, and leaves eu alone. When eu returns it first goes back to what was verified, and is only then caught up.",
      strategy: { minSuccessTime: "10s", maxUnreachable: 1 },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.fault.takesDown("eu");
      await world.ends();
      world.ci.releases("3");
      await world.ends();
      await world.quietly(600);
      world.fault.bringsBack("eu");
      await world.until(holds("eu", "1"));
      await world.passes(2);
      world.expect(releaseIs("SucceededWithSkips"));
      await world.until(holds("eu", "3"));
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "a rollback that could not reach a cluster is complete when that cluster is back",
    {
      shows: "Without any newer wish: what the rollback owes to eu is done when eu answers, and RollbackIncomplete becomes RolledBack.",
      strategy: { minSuccessTime: "10s" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.fault.takesDown("eu");
      await world.ends();
      await world.quietly(600);
      world.fault.bringsBack("eu");
      await world.until(releaseIs("RolledBack"));
    },
  ),
  story(
    "a verified cluster that is lost after success is Unknown, and nothing is done to it",
    {
      shows: "After the end the conductor keeps looking. What it cannot see is not Ready, and is Ready again when it is seen.",
      strategy: { ...AT_ONCE },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
      world.fault.takesDown("ap");
      await world.until(releaseIs("Unknown"));
      await world.quietly(300);
      world.fault.bringsBack("ap");
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "a cluster that was down for the plan goes back to what it held at first contact",
    {
      shows:
        "us could not be asked when the release was planned. It answers in time for its wave, and fails: what it held when it answered first is where it goes back to.",
      strategy: { minSuccessTime: "1m" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.fault.takesDown("us");
      world.ci.releases("2");
      await world.until(runBegins(1));
      await world.until(waveIs("first", "Soaking"));
      world.fault.bringsBack("us");
      await world.ends();
    },
  ),
];
