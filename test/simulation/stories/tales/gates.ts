import { asked, ended, holds, releaseIs, waitsFor } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { CRASHES } from "./traits.ts";

/** Freezes, and releases that wait for others. */
export const gates: readonly Story[] = [
  story(
    "a freeze holds what was not started, and ends",
    {
      shows: "It begins while us is in flight: us is followed to its end, ap waits for ten minutes, and is started when the freeze ends.",
      strategy: { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "0s" },
      clusters: ["us", "ap"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.freezes("the campaign", 600);
      await world.ends();
    },
  ),
  story(
    "somebody lets one release go through a freeze",
    {
      shows: "The freeze would last for two hours. Somebody with the right to do so approves, for this run alone.",
      strategy: { waves: [{ name: "all" }], minSuccessTime: "0s" },
      clusters: ["us", "ap"],
      author: "dana",
    },
    async (world) => {
      world.person.freezes("the campaign", 7200);
      await world.quietly(10);
      world.ci.releases("2");
      await world.until(asked());
      await world.quietly(60);
      world.person.approves("olga");
      await world.ends();
    },
  ),
  story(
    "what a freeze has held has its whole deadline when it is started",
    {
      shows:
        "The freeze lasts longer than the progress deadline. When ap is started at last its API server fails for a moment: that is waited for.",
      strategy: { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "0s", progressDeadline: "2m" },
      clusters: ["us", "ap"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.freezes("the campaign", 1200);
      world.fault.refusesPatches("ap", 500, 3);
      await world.ends();
    },
  ),
  story(
    "a rollback is never frozen",
    {
      shows: "us fails while a freeze holds ap. What was written goes back at once; ap was never written to.",
      strategy: { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "30s" },
      clusters: ["us", "ap"],
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.freezes("the campaign", 7200);
      await world.ends();
    },
  ),
  story(
    "a release waits until the same revision is ready in another environment",
    {
      shows: "Production is wished for first: it is planned, and begins when staging is ready at the same revision.",
      clusters: ["test", "eu", "us"],
      strategy: { dependsOn: [{ environment: "staging", revision: "{{revision}}" }], minSuccessTime: "30s" },
      environment: { clusters: [{ name: "eu" }, { name: "us" }] },
      others: { staging: { clusters: [{ name: "test" }], strategy: { minSuccessTime: "2m" } } },
      applications: (cluster) => (cluster === "test" ? { annotations: { "conductor.dev/authorized": "team-a/checkout.staging" } } : {}),
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waitsFor("Dependency"));
      await world.quietly(60);
      world.ci.releases("2", { environment: "staging" });
      await world.until(ended());
    },
  ),
  story(
    "a release that would wait for itself is told the way",
    {
      shows: "Production waits for staging, and staging for production: neither is begun.",
      clusters: ["test", "eu"],
      strategy: { dependsOn: [{ environment: "staging" }] },
      environment: { clusters: [{ name: "eu" }] },
      others: { staging: { clusters: [{ name: "test" }], strategy: { dependsOn: [{ environment: "production" }] } } },
      applications: (cluster) => (cluster === "test" ? { annotations: { "conductor.dev/authorized": "team-a/checkout.staging" } } : {}),
    },
    async (world) => {
      world.ci.releases("2");
      world.ci.releases("2", { environment: "staging" });
      await world.until(releaseIs("Stalled"));
    },
  ),
];
