import { holds, releaseIs, runBegins, targetIs, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { CRASHES } from "./traits.ts";

/** A newer wish, and an older one again. */
export const wishes: readonly Story[] = [
  story(
    "a newer revision waits for the end of the one in flight",
    {
      shows: "supersede Queue, the default: the release of 22222222 goes to its end, and 33333333 follows.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "only the newest of several wishes follows",
    {
      shows: "While 22222222 is in flight CI releases 33333333, and then 44444444. The one in between is never started.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.ci.releases("3");
      await world.until(waveIs("rest", "Progressing"));
      world.ci.releases("4");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "a newer revision replaces the one in flight",
    {
      shows: "supersede Replace: no more targets are started with 22222222, and 33333333 takes over through all waves.",
      strategy: { minSuccessTime: "10s", supersede: "Replace" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "superseded halfway and then failing goes back to the last verified revision",
    {
      shows:
        "22222222 was on eu and us when 33333333 replaced it. 33333333 fails on eu: everything goes back to 11111111, which was verified, and not to 22222222 in between, which never was.",
      strategy: { minSuccessTime: "10s", supersede: "Replace" },
      verified: ["1"],
      traits: [{ revision: "3", ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      world.ci.releases("3");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
  story(
    "a newer revision waits for a rollback to end",
    {
      shows:
        "33333333 is released while 22222222 is being taken back. A rollback is not superseded, even with Replace: the fleet is whole before something new begins.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "10s", supersede: "Replace" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(releaseIs("RollingBack"));
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
  story(
    "a revision that was verified recently comes back at once",
    {
      shows:
        "rollbackWindow: to release 11111111 again, for example by git revert, is a rollback. It goes everywhere at once, without waves or soak.",
      strategy: { minSuccessTime: "10s" },
      verified: ["1", "2"],
    },
    async (world) => {
      world.ci.releases("1");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
  story(
    "outside the rollback window an old revision is a new release",
    {
      shows: "rollbackWindow of no revisions: 11111111 goes through the waves as anything else does.",
      strategy: { minSuccessTime: "10s", rollbackWindow: { revisions: 0 } },
      verified: ["1", "2"],
    },
    async (world) => {
      world.ci.releases("1");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
  story(
    "a wish that is taken back in time costs little",
    {
      shows:
        "22222222 is released by mistake, and 11111111 again while the first wave soaks. With Replace the mistake ends there, and eu is back at once.",
      strategy: { minSuccessTime: "1m", supersede: "Replace" },
      verified: ["1"],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.ci.releases("1");
      await world.until(runBegins(3));
      await world.ends();
    },
  ),
  story(
    "a release may change what its environment allows",
    {
      shows: "overridable lists minSuccessTime: an urgent fix goes without soak. It still goes through the waves.",
      strategy: { minSuccessTime: "10m", maxConcurrency: "100%", overridable: ["minSuccessTime"] },
    },
    async (world) => {
      world.ci.releases("2", { strategy: { minSuccessTime: "0s" } });
      await world.ends();
    },
  ),
  story(
    "a release may not change what its environment does not allow",
    {
      shows:
        "Nothing is overridable unless the Environment says so: who releases cannot drop what protects it. The release is Stalled, and starts when it asks for no more than it may.",
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2", { strategy: { minSuccessTime: "0s" } });
      await world.until(releaseIs("Stalled"));
      await world.quietly(60);
      world.person.sets({ strategy: null });
      await world.until(targetIs("eu", "Ready"));
      await world.ends();
    },
  ),
  story(
    "editing the Environment does not touch a release in flight",
    {
      shows: "The plan is frozen: a soak of ten minutes that somebody writes into the Environment is for the next release.",
      clusters: ["eu", "us"],
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.editsEnvironment({ strategy: { minSuccessTime: "10m" } });
      await world.ends();
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
];
