import { story, type Story } from "../story.ts";

const FIVE = ["eu", "us", "ap", "sa", "af"];

/** Who is released to, in which order, and what lies between. */
export const waves: readonly Story[] = [
  story(
    "who writes no strategy is safe",
    {
      shows: "The defaults: one cluster first, then the rest, a quarter of them at a time, and a minute of soak after each wave.",
      clusters: FIVE,
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "waves by names",
    {
      shows: "Each wave names its clusters; the last one takes all that are left. The order of names is that of the Environment.",
      clusters: FIVE,
      strategy: {
        waves: [{ name: "canary", clusters: { names: ["ap"] } }, { name: "near", clusters: { names: ["us", "eu"] } }, { name: "far" }],
        maxConcurrency: "100%",
        minSuccessTime: "10s",
      },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "waves by selector",
    {
      shows: "A wave selects clusters by the labels of their registrations.",
      clusters: [
        { name: "eu", labels: { tier: "production" } },
        { name: "us", labels: { tier: "production" } },
        { name: "lab", labels: { tier: "canary" } },
      ],
      strategy: {
        waves: [{ name: "canary", clusters: { selector: { matchLabels: { tier: "canary" } } } }, { name: "rest" }],
        maxConcurrency: "100%",
        minSuccessTime: "10s",
      },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "waves by count and by percentage",
    {
      shows:
        "A wave takes so many of the clusters that no wave before it has taken, or such a part of them, rounded down: here one, then half of four, then the rest.",
      clusters: FIVE,
      strategy: {
        waves: [{ name: "one", clusters: { count: 1 } }, { name: "half", clusters: { count: "50%" } }, { name: "rest" }],
        maxConcurrency: "100%",
        minSuccessTime: "10s",
      },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a label orders the clusters",
    {
      shows: "orderByLabel: numbers ascending, then other values, then clusters without the label. The least busy cluster comes first.",
      clusters: [
        { name: "eu", labels: { load: "90" } },
        { name: "us", labels: { load: "9" } },
        { name: "ap" },
        { name: "sa", labels: { load: "unknown" } },
      ],
      strategy: { orderByLabel: "load", maxConcurrency: 1, minSuccessTime: "0s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "each wave may have a soak of its own, or none",
    {
      shows: "minSuccessTime of a wave wins over the strategy's. A wave without soak is verified as soon as its targets are.",
      strategy: {
        waves: [
          { name: "first", clusters: { count: 1 }, minSuccessTime: "0s" },
          { name: "second", clusters: { count: 1 }, minSuccessTime: "1m" },
          { name: "rest" },
        ],
        minSuccessTime: "20s",
      },
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a release to some clusters drops no soak",
    {
      shows:
        "The release leaves out us, and with it the wave that soaks for a minute. That minute is spent all the same before ap is touched: who narrows a release drops no gate.",
      strategy: {
        waves: [
          { name: "first", clusters: { count: 1 }, minSuccessTime: "10s" },
          { name: "second", clusters: { count: 1 }, minSuccessTime: "1m" },
          { name: "rest" },
        ],
        minSuccessTime: "0s",
      },
    },
    async (world) => {
      world.ci.releases("2", { clusters: ["eu", "ap"] });
      await world.ends();
    },
  ),
  story(
    "only so many clusters are in flight at once",
    {
      shows: "maxConcurrency 2: the next cluster is patched when one of two has arrived, and not when the wave's half is done.",
      clusters: FIVE,
      strategy: { waves: [{ name: "all" }], maxConcurrency: 2, minSuccessTime: "0s" },
      traits: [
        { revision: "2", on: ["eu"], says: "takes a minute to become Healthy", how: { health: [{ after: 60_000, status: "Healthy" }] } },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a wave that covers no cluster stops the release before anything is written",
    {
      shows:
        "What can only be seen with the clusters at hand makes the release Stalled, with a sentence. It starts by itself when that is put right.",
      strategy: {
        waves: [{ name: "canary", clusters: { names: ["eu-west"] } }, { name: "rest" }],
        minSuccessTime: "0s",
        maxConcurrency: "100%",
      },
    },
    async (world) => {
      world.ci.releases("2");
      await world.passes(60);
      world.person.editsEnvironment({ strategy: { waves: [{ name: "canary", clusters: { names: ["eu"] } }, { name: "rest" }] } });
      await world.ends();
    },
  ),
];
