import { holds, releaseIs, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE, CRASHES } from "./traits.ts";

/** A conductor that is killed, and calls that go wrong: what is stored decides, and nothing is done twice. */
export const crashes: readonly Story[] = [
  story(
    "a conductor that is killed midway is followed by another",
    {
      shows:
        "us is in flight when the conductor is killed. The next one finds in the run what was decided, patches nothing twice, and goes on.",
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      await world.fault.killsTheConductor(60);
      await world.ends();
    },
  ),
  story(
    "a conductor that is killed while a wave soaks counts no time that it did not see",
    {
      shows:
        "The conductor is away for five minutes of a soak of one. The soak is not over when the next one starts: silence is no evidence.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "1m" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      await world.passes(20);
      await world.fault.killsTheConductor(300);
      world.expect(waveIs("rest", "Pending"));
      await world.ends();
    },
  ),
  story(
    "a conductor that is killed during a rollback finishes it",
    {
      shows:
        "The verdict is stored before the first write that follows from it: the next conductor takes back what the first had begun to.",
      strategy: { minSuccessTime: "10s" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("RollingBack"));
      await world.fault.killsTheConductor(30);
      await world.ends();
    },
  ),
  story(
    "a conductor that is killed before its patch is sent sends it later",
    {
      shows: "It was stored that eu is started, and nothing was written. The next conductor writes it.",
      clusters: ["eu", "us"],
      strategy: AT_ONCE,
    },
    async (world) => {
      world.fault.killsBeforeThePatch("eu", 20);
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a conductor that is killed the moment its patch is done does not patch again",
    {
      shows: "The patch is carried out and nobody hears of it. The next conductor finds its values in the Application.",
      clusters: ["eu", "us"],
      strategy: AT_ONCE,
      applications: () => ({ automated: false }),
    },
    async (world) => {
      world.fault.killsAfterThePatch("eu", 20);
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a patch whose answer is lost is not sent again",
    {
      shows: "No answer is no answer: the conductor reads the Application again before it writes, and finds that it is done.",
      clusters: ["eu", "us"],
      strategy: AT_ONCE,
      applications: () => ({ automated: false }),
    },
    async (world) => {
      world.fault.losesTheAnswer("eu");
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "an API server that fails for a while is asked again",
    {
      shows: "Three patches of eu are answered with 500. They are tried again with growing pauses, and us is not held up.",
      clusters: ["eu", "us"],
      strategy: AT_ONCE,
    },
    async (world) => {
      world.fault.refusesPatches("eu", 500, 3);
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "an API server that forbids the patch is named, and fails at the deadline",
    {
      shows:
        "The conductor's rights on us were taken away. That is said in the API server's words while it lasts; us had been written nothing, and eu goes back.",
      strategy: { minSuccessTime: "10s", progressDeadline: "5m" },
      clusters: ["eu", "us"],
    },
    async (world) => {
      world.fault.refusesPatches("us", 403, 10_000);
      world.ci.releases("2");
      await world.ends();
    },
  ),
];
