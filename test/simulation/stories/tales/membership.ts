import { holds, releaseIs, runBegins, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";

const LABELS = { env: "production" } as const;
const SELECTED = { clusters: [{ selector: { matchLabels: LABELS } }] } as const;
const named = (...names: readonly string[]) => names.map((name) => ({ name, labels: LABELS }));

/** Clusters come and go. */
export const membership: readonly Story[] = [
  story(
    "a cluster that is unregistered for good counts as gone after ten minutes",
    {
      shows:
        "us loses its registration while the first wave soaks. Its wave waits for the grace time, in case that was an accident, and then goes on without it.",
      clusters: named("eu", "us", "ap"),
      environment: SELECTED,
      strategy: { waves: [{ name: "first", clusters: { names: ["eu"] } }, { name: "rest" }], minSuccessTime: "30s", maxUnreachable: 0 },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.platform.unregisters("us");
      await world.ends();
    },
  ),
  story(
    "a cluster that is registered again in time was never gone",
    {
      shows: "us is unregistered by accident and registered again five minutes later. The release has waited for it.",
      clusters: named("eu", "us", "ap"),
      environment: SELECTED,
      strategy: { waves: [{ name: "first", clusters: { names: ["eu"] } }, { name: "rest" }], minSuccessTime: "30s", maxUnreachable: 0 },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.platform.unregisters("us");
      await world.quietly(300);
      world.platform.registers({ name: "us", labels: LABELS });
      await world.ends();
    },
  ),
  story(
    "a cluster that joins is caught up",
    {
      shows:
        "The plan is frozen: sa joins while the release is in flight, and is named as not covered. When the release has succeeded, sa is brought to the same revision.",
      clusters: named("eu", "us"),
      environment: SELECTED,
      strategy: { minSuccessTime: "30s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.platform.adds({ name: "sa", labels: LABELS }, "1");
      await world.until(holds("sa", "2"));
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "a cluster that joins after a failed release gets what is verified",
    {
      shows:
        "22222222 is verified everywhere. 33333333 was taken back, so that sa, which joins then, is brought to 22222222: catching up never spreads what has failed.",
      clusters: named("eu", "us"),
      environment: SELECTED,
      strategy: { minSuccessTime: "10s" },
      verified: ["2"],
      traits: [{ revision: "3", says: "crashes", how: { health: [{ after: 0, status: "Degraded", message: "a pod crashes" }] } }],
    },
    async (world) => {
      world.ci.releases("3");
      await world.ends();
      world.platform.adds({ name: "sa", labels: LABELS }, "1");
      await world.until(runBegins(3));
      await world.passes(60);
    },
  ),
  story(
    "a plan that has lost more than a fifth of its clusters waits for a person",
    {
      shows:
        "Two of five registrations are gone. A release to the rest would look complete: it is Stalled until a person confirms that they are gone.",
      clusters: named("eu", "us", "ap", "sa", "af"),
      environment: SELECTED,
      strategy: { minSuccessTime: "0s", maxConcurrency: "100%" },
      verified: ["1"],
    },
    async (world) => {
      world.platform.unregisters("sa", "af");
      await world.passes(5);
      world.ci.releases("2");
      await world.quietly(900);
      world.person.confirms();
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "a cluster that joins and cannot be caught up waits for a person",
    {
      shows:
        "sa joins, and 22222222 cannot run there. The catch-up fails and is taken back; it is not tried again and again, the others are not touched, and a person retries it when sa is repaired.",
      clusters: named("eu", "us"),
      environment: SELECTED,
      strategy: { minSuccessTime: "10s" },
      verified: ["2"],
    },
    async (world) => {
      world.platform.breaks("sa", "2", "a webhook does not answer");
      world.platform.adds({ name: "sa", labels: LABELS }, "1");
      await world.until(releaseIs("Failed"));
      await world.quietly(1800);
      world.expect(runBegins(2));
      world.platform.repairs("sa");
      world.person.retries();
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "catching up never delays a release",
    {
      shows:
        "sa is being caught up when CI releases 33333333. The catch-up gives way at once, and sa takes part in the new release like any other.",
      clusters: named("eu", "us"),
      environment: SELECTED,
      strategy: { minSuccessTime: "10s" },
      verified: ["2"],
    },
    async (world) => {
      world.platform.adds({ name: "sa", labels: LABELS }, "1");
      await world.until(holds("sa", "2"));
      world.ci.releases("3");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
];
