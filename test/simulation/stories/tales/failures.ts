import { degradedAfter } from "#simulation/behaviour.ts";
import { releaseIs, targetIs, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE, CRASHES } from "./traits.ts";

/** What becomes of a release that goes wrong. */
export const failures: readonly Story[] = [
  story(
    "a bad revision stops at the first cluster and is taken back",
    {
      shows:
        "The first wave is one cluster. What is Degraded there for 30 s has failed, and the release goes back to what was verified before. No other cluster has been touched.",
      strategy: { minSuccessTime: "30s" },
      traits: [{ revision: "2", ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a revision that fails on the second cluster is taken back everywhere it went",
    {
      shows:
        "The second wave fails on us. With rollbackScope Run, the default, eu goes back too, though it was verified: the fleet is as it was before. ap was never touched.",
      strategy: { minSuccessTime: "30s" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what turns Degraded while its wave soaks has failed",
    {
      shows:
        "Soak is there for what breaks late. 22222222 is Healthy on eu at first, and crashes 20 s after its sync, while the wave soaks.",
      strategy: { minSuccessTime: "1m" },
      traits: [{ revision: "2", on: ["eu"], says: "crashes after 20 s", how: degradedAfter(20_000) }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what is Degraded for a moment only has not failed",
    {
      shows: "Controllers pass through Degraded. It counts after 30 s; here it lasts for ten, and the soak begins again.",
      strategy: { minSuccessTime: "30s" },
      traits: [{ revision: "2", on: ["eu"], says: "is Degraded for 10 s, 20 s after its sync", how: degradedAfter(20_000, 10_000) }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "some targets may fail",
    {
      shows:
        "maxFailures 1: us fails, and the release goes on. It ends Failed all the same, because it was not verified everywhere, and us stays at what was released.",
      strategy: { ...AT_ONCE, maxFailures: 1 },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "one failure more than may be takes the release back",
    {
      shows: "maxFailures 1, and two clusters fail. The first is borne, the second is the verdict.",
      strategy: { ...AT_ONCE, maxFailures: 1, maxConcurrency: 1 },
      traits: [{ revision: "2", on: ["us", "ap"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "with onFailure Continue the release goes on to the end",
    {
      shows: "What fails is left as it is, what works is verified, and the end is Failed. A person may then retry what failed, see there.",
      strategy: { minSuccessTime: "10s", onFailure: "Continue" },
      traits: [{ revision: "2", on: ["eu"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "with onFailure Pause a person decides, here to go on",
    {
      shows: "The release stops where it is, and nothing is taken back. Resume accepts the failures so far.",
      strategy: { minSuccessTime: "10s", onFailure: "Pause" },
      traits: [{ revision: "2", on: ["eu"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Paused"));
      await world.quietly(300);
      world.person.resumes();
      await world.ends();
    },
  ),
  story(
    "with onFailure Pause a person decides, here to leave the cluster out",
    {
      shows: "Skip takes the failed cluster out of the release: then nothing has failed any more, and it goes on.",
      strategy: { minSuccessTime: "10s", onFailure: "Pause" },
      traits: [{ revision: "2", on: ["eu"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Paused"));
      world.person.skips("eu");
      await world.ends();
    },
  ),
  story(
    "with onFailure Pause a newer release is the decision",
    {
      shows:
        "A release that waits for a person to judge its failures ends as soon as there is a newer wish, even where supersede is Queue.",
      strategy: { minSuccessTime: "10s", onFailure: "Pause" },
      traits: [{ revision: "2", on: ["eu"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Paused"));
      world.ci.releases("3");
      await world.ends();
    },
  ),
  story(
    "with rollbackScope Target only what failed goes back",
    {
      shows:
        "us fails and goes back; eu was verified before and stays at the new revision. The release has Failed, because the fleet is of two minds now.",
      strategy: { minSuccessTime: "10s", rollbackScope: "Target" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a target that makes no progress has failed at the deadline",
    {
      shows:
        "The sync of 22222222 never ends. progressDeadline is the longest time without observed progress; then the hanging sync is ended, and the target goes back.",
      strategy: { progressDeadline: "5m" },
      traits: [{ revision: "2", says: "hangs in its sync", how: { sync: { kind: "Hangs" } } }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "where nothing was ever verified there is nothing to go back to",
    {
      shows:
        "eu is broken before the release, so that what it runs is no baseline. The release breaks too: it ends RollbackIncomplete, says so, and deletes nothing. What was broken before has until the deadline.",
      clusters: ["eu"],
      strategy: { progressDeadline: "2m" },
      traits: [
        { revision: "1", ...CRASHES },
        { revision: "2", ...CRASHES },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what was broken before has time to be repaired",
    {
      shows:
        "eu is Degraded when the release is planned, and takes two minutes to recover. There Degraded is no news, and counts only at the deadline.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "10s" },
      traits: [
        { revision: "1", ...CRASHES },
        {
          revision: "2",
          says: "is Healthy after two minutes",
          how: {
            health: [
              { after: 0, status: "Degraded", message: "a pod crashes" },
              { after: 120_000, status: "Healthy" },
            ],
          },
        },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a revision that failed is not tried again by itself",
    {
      shows:
        "After a rollback the wish still names the failed revision. It is held: applying it once more changes nothing. A newer revision starts at once.",
      strategy: { minSuccessTime: "10s" },
      traits: [{ revision: "2", ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
      world.ci.releases("2");
      await world.quietly(1800);
      world.ci.releases("3");
      await world.until(targetIs("eu", "Ready"));
      await world.ends();
    },
  ),
  story(
    "a rollback that does not come up says so",
    {
      shows:
        "11111111 cannot be applied any more on eu when 22222222 has to go back to it. What can go back does; the release ends RollbackIncomplete and names the rest.",
      strategy: { minSuccessTime: "10s" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("rest", "Progressing"));
      world.platform.breaks("eu", "1", "a webhook does not answer");
      await world.ends();
    },
  ),
];
