import { holds, releaseIs, runBegins, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE, CRASHES } from "./traits.ts";

const SHORT = { minSuccessTime: "30s" } as const;

/** What people ask for, by annotations that name the run. */
export const actions: readonly Story[] = [
  story(
    "pause finishes what is in flight, and resume goes on",
    {
      shows: "us is in flight when a person pauses: it is followed to its end, and ap is not started for ten minutes.",
      strategy: { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "0s" },
      clusters: ["us", "ap"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.pauses();
      await world.quietly(600);
      world.person.resumes();
      await world.ends();
    },
  ),
  story(
    "a rollback is not held up by a pause",
    {
      shows: "The release is paused while us is in flight. us fails all the same, and what has failed goes back at once.",
      strategy: SHORT,
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.pauses();
      await world.ends();
    },
  ),
  story(
    "whoever owns the spec pauses there",
    {
      shows:
        "spec.paused is for Git and CI, the annotation for everybody else. Before the release has begun it keeps it from being planned; pausing is no new release.",
      strategy: SHORT,
    },
    async (world) => {
      world.ci.releases("2", { paused: true });
      await world.quietly(300);
      world.person.sets({ paused: false });
      await world.until(waveIs("first", "Soaking"));
      world.person.sets({ paused: true });
      await world.quietly(300);
      world.person.sets({ paused: false });
      await world.ends();
    },
  ),
  story(
    "abort ends a release where it is",
    {
      shows:
        "Nothing more is written: eu stays at the new revision, and is named. What was verified before is still what a later rollback goes back to.",
      strategy: SHORT,
      traits: [{ revision: "3", ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.aborts();
      await world.ends();
      await world.quietly(300);
      world.ci.releases("3");
      await world.ends();
    },
  ),
  story(
    "skip takes a cluster out of a release",
    {
      shows: "us is not to be touched tonight. It is named in the end, and is not caught up: a person took it out.",
      strategy: SHORT,
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.skips("us");
      await world.ends();
      world.expect(releaseIs("SucceededWithSkips"));
    },
  ),
  story(
    "retry tries a failed revision once more",
    {
      shows:
        "22222222 could not be applied because a webhook was broken. It was taken back; when the webhook is repaired a person asks for another try, which goes through all waves again.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.platform.breaks("eu", "2", "a webhook does not answer");
      world.ci.releases("2");
      await world.ends();
      await world.quietly(600);
      world.platform.repairs("eu");
      world.person.retries();
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "what a person asks on the run itself is done as well",
    {
      shows:
        "An action in Argo CD's UI writes to the object that it is an action of, here the run: pause, resume and abort while it is in flight, retry when it has ended. The release answers for all of them.",
      strategy: { waves: [{ name: "all" }], maxConcurrency: 1, minSuccessTime: "0s" },
      clusters: ["us", "ap"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.person.asksTheRun("pause", "argocd-1");
      await world.quietly(600);
      world.person.asksTheRun("resume", "argocd-2");
      await world.until(holds("ap", "2"));
      world.person.asksTheRun("abort", "argocd-3");
      await world.ends();
      await world.quietly(600);
      world.person.asksTheRun("retry", "argocd-4");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "retry-failed tries only what has failed",
    {
      shows:
        "onFailure Continue has left eu behind. When eu is repaired a person retries what failed: eu is synced again, and the others, which hold the revision already, are only looked at.",
      strategy: { minSuccessTime: "10s", onFailure: "Continue" },
    },
    async (world) => {
      world.platform.breaks("eu", "2", "a webhook does not answer");
      world.ci.releases("2");
      await world.ends();
      await world.quietly(600);
      world.platform.repairs("eu");
      world.person.retriesWhatFailed();
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "rollback-to goes back to a revision that was verified",
    {
      shows:
        "33333333 is everywhere and verified, and then found to be wrong. A person goes back to 22222222: everywhere at once, without waves or soak.",
      strategy: { minSuccessTime: "10s" },
      verified: ["1", "2", "3"],
    },
    async (world) => {
      world.person.rollsBackTo("2");
      await world.until(runBegins(4));
      await world.ends();
    },
  ),
  story(
    "rollback-to ends a release in flight first",
    {
      shows:
        "33333333 is on eu only when a person calls it off. Its run is aborted, and eu goes back to 22222222; the wish for 33333333 is held.",
      strategy: SHORT,
      verified: ["2"],
    },
    async (world) => {
      world.ci.releases("3");
      await world.until(waveIs("first", "Soaking"));
      world.person.rollsBackTo("2");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
  story(
    "rollback-to a revision that was never verified is refused",
    {
      shows: "Going back is safe because it was proved before. What was not is refused with the list of what was, and nothing is written.",
      strategy: AT_ONCE,
      verified: ["1", "2"],
    },
    async (world) => {
      world.person.rollsBackTo("9");
    },
  ),
  story(
    "what was meant for one run is not done to another",
    {
      shows: "A person annotates with the name of the run before. The run in flight goes on, and the release says why.",
      strategy: { minSuccessTime: "10s" },
      verified: ["1"],
    },
    async (world) => {
      const before = world.run;
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.asks("abort", undefined, before);
      await world.ends();
    },
  ),
  story(
    "a cluster that is not in the release cannot be skipped",
    {
      shows: "A slip in a name is answered, and not taken for something else.",
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.skips("usa");
      await world.ends();
    },
  ),
];
