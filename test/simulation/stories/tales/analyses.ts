import type { AnalysisScript } from "#simulation/rollouts.ts";
import { holds, releaseIs, waitsFor, waveIs } from "../language/moments.ts";
import type { StrategyWritten } from "../language/setting.ts";
import { story, type Story } from "../story.ts";

const CANARY: StrategyWritten = {
  waves: [{ name: "first", clusters: { count: 1 }, gates: [{ analysis: { templateName: "errors" } }] }, { name: "rest" }],
  minSuccessTime: "30s",
};
const BACKGROUND: StrategyWritten = {
  waves: [
    { name: "first", clusters: { count: 1 } },
    { name: "rest", gates: [{ analysis: { templateName: "errors", background: true } }] },
  ],
  maxConcurrency: 1,
  minSuccessTime: "60s",
};
const says = (measures: NonNullable<AnalysisScript["measures"]>, more: AnalysisScript = {}) => ({ errors: { measures, ...more } });

/** Waves that metrics let be verified, or not. */
export const analyses: readonly Story[] = [
  story(
    "a wave is verified when its analysis has passed",
    {
      shows:
        "Argo Rollouts takes the template before anything is written. It measures from the soak on, longer than that lasts, and the next wave waits for it.",
      strategy: CANARY,
      analyses: says(() => ["Successful", "Successful", "Successful", "Successful", "Successful", "Successful"]),
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "an analysis that fails takes the release back",
    {
      shows: "Argo CD finds everything well, and the metrics do not: the canary goes back, and no other cluster is written to.",
      strategy: CANARY,
      analyses: says(() => ["Successful", "Failed"]),
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what is inconclusive waits for a person, who goes on",
    {
      shows: "The metrics say neither: nothing is taken back, and nothing goes on until a person has looked.",
      strategy: CANARY,
      analyses: says(() => ["Inconclusive"]),
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waitsFor("Failures"));
      await world.quietly(600);
      world.person.resumes();
      await world.ends();
    },
  ),
  story(
    "an analysis in the background passes when it is told to end",
    {
      shows:
        "It measures from the first write of its wave on. After the soak the conductor ends it, and what was measured until then counts.",
      strategy: BACKGROUND,
      analyses: says(() => ["Successful"], { endless: true }),
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "an analysis in the background stops a wave in the middle",
    {
      shows: "Two clusters of the wave are written to when the metrics fail: the third never is, and all go back.",
      clusters: ["eu", "us", "ap", "sa"],
      strategy: BACKGROUND,
      analyses: says(() => ["Successful", "Failed"], { endless: true, interval: 6000 }),
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "where nobody looks at analyses nothing is written",
    {
      shows: "Argo Rollouts' controller does not run. That is found out before the first write; the release begins by itself once it does.",
      strategy: CANARY,
      analyses: says(() => ["Successful"]),
    },
    async (world) => {
      world.fault.stopsArgoRollouts();
      world.ci.releases("2");
      await world.until(releaseIs("Stalled"));
      await world.quietly(25);
      world.fault.startsArgoRollouts();
      await world.ends();
    },
  ),
  story(
    "a conductor that is killed while it asks Argo Rollouts is followed by one that does not wait for ever",
    {
      shows:
        "Nobody answers what the first one has asked. The second finds the question, and says after ten seconds that nobody looks at it.",
      strategy: CANARY,
      analyses: says(() => ["Successful"]),
    },
    async (world) => {
      world.fault.stopsArgoRollouts();
      world.ci.releases("2");
      await world.passes(5);
      await world.fault.killsTheConductor(3);
      await world.until(releaseIs("Stalled"));
      world.fault.startsArgoRollouts();
      await world.ends();
    },
  ),
  story(
    "what Argo Rollouts refuses stops the release before anything is written",
    {
      shows:
        "The template is there, and Argo Rollouts cannot make an analysis of it: its own words are shown, until the gate is taken out.",
      strategy: CANARY,
      analyses: says(() => [], { invalid: "args.threshold was not resolved" }),
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Stalled"));
      await world.quietly(50);
      world.person.editsEnvironment({ strategy: { waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }] } });
      await world.ends();
    },
  ),
  story(
    "an Argo Rollouts that dies while it measures has failed at the deadline",
    {
      shows: "Silence opens no gate: when nothing is measured for the progress deadline, the analysis has failed.",
      strategy: { ...CANARY, progressDeadline: "10m" },
      analyses: says(() => ["Successful", "Successful", "Successful", "Successful"]),
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      await world.passes(15);
      world.fault.stopsArgoRollouts();
      await world.ends();
      world.expect(holds("eu", "1"));
    },
  ),
];
