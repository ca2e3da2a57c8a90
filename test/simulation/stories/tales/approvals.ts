import { asked, ended, holds, releaseIs, runBegins } from "../language/moments.ts";
import type { StrategyWritten } from "../language/setting.ts";
import { story, type Story } from "../story.ts";

const ASKS: StrategyWritten = {
  waves: [
    { name: "first", clusters: { count: 1 } },
    { name: "rest", gates: [{ approval: { expiresAfter: "2h" } }] },
  ],
  minSuccessTime: "30s",
};

/** Waves that people let begin, or not. */
export const approvals: readonly Story[] = [
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
    "a wave that somebody rejects takes the release back",
    {
      shows: "One rejection is enough: the second wave has failed before it began, and the first goes back.",
      strategy: ASKS,
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      await world.quietly(60);
      world.person.rejects("alice", "the campaign starts at noon");
      await world.ends();
    },
  ),
  story(
    "with onFailure Pause a rejection ends the release where it is",
    {
      shows: "What people have rejected no resume goes on with: the run ends, and what it has written stays.",
      strategy: { ...ASKS, onFailure: "Pause" },
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      world.person.rejects("alice", "the campaign starts at noon");
      await world.ends();
    },
  ),
  story(
    "a question that nobody answers has been answered when it expires",
    { shows: "Two hours pass without a yes: that is a no.", strategy: ASKS, author: "dana" },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what is approved while no conductor lives counts",
    {
      shows: "The conductor dies while the second wave waits for people. One says yes meanwhile, and the next conductor reads it.",
      strategy: ASKS,
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      world.fault.killsWithoutARestart();
      await world.quietly(60);
      world.person.approves("alice");
      await world.quietly(60);
      world.fault.startsAnother();
      await world.ends();
    },
  ),
  story(
    "who approves the author's own release is somebody else",
    {
      shows: "dana releases and says yes herself. Admission refuses that; were it not there, her word would still count for nothing.",
      strategy: ASKS,
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      world.person.approves("dana");
      await world.quietly(600);
      world.person.approves("alice");
      await world.ends();
    },
  ),
  story(
    "a newer revision makes the question about the older one void",
    {
      shows: "While the second wave of the first run waits for people a newer revision takes its place: it asks anew, for itself.",
      strategy: { ...ASKS, supersede: "Replace" },
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      await world.quietly(60);
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.until(holds("eu", "3"));
      await world.until(asked());
      world.person.approves("alice");
      await world.ends();
    },
  ),
  story(
    "a pause does not take back what was asked",
    {
      shows:
        "The release is paused while its second wave waits for people. One says yes meanwhile: that counts, and nothing begins before it is resumed.",
      strategy: ASKS,
      author: "dana",
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(asked());
      world.person.pauses();
      await world.until(releaseIs("Paused"));
      world.person.approves("alice");
      await world.quietly(600);
      world.person.resumes();
      await world.ends();
    },
  ),
  story(
    "where it is not known who releases the gate must say who approves",
    {
      shows: "Whoever has released might approve: nothing is written until the gate names who may.",
      strategy: ASKS,
      clusters: ["eu", "us"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Stalled"));
      await world.quietly(600);
      const rest = { name: "rest", gates: [{ approval: { users: ["alice"] } }] };
      world.person.editsEnvironment({ strategy: { waves: [{ name: "first", clusters: { count: 1 } }, rest] } });
      await world.until(asked());
      world.person.approves("alice");
      await world.until(ended());
    },
  ),
  story(
    "without the admission policies nobody is asked, and nothing is written",
    { shows: "Anybody could approve in any name: the release is Stalled.", strategy: ASKS, author: "dana", policies: false },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("Stalled"));
      await world.quietly(600);
    },
  ),
];
