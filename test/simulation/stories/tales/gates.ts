import { asked, runBegins, waitsFor } from "../language/moments.ts";
import type { StrategyWritten } from "../language/setting.ts";
import { story, type Story } from "../story.ts";

const ASKS: StrategyWritten = {
  waves: [
    { name: "first", clusters: { count: 1 } },
    { name: "rest", gates: [{ approval: {} }] },
  ],
  minSuccessTime: "30s",
};

/** What must open before a release goes on, told by who opens it. */
export const gates: readonly Story[] = [
  story(
    "a wave waits for a person, who approves",
    {
      shows: "The second wave has a gate: people are asked once the first is verified, and nothing is written until one says yes.",
      strategy: ASKS,
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      await world.quietly(600);
      world.person.approves("alice");
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
      await world.until(runBegins(1));
      await world.ends();
    },
  ),
];
