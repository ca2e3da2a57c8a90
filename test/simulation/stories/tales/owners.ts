import { holds, releaseIs, runBegins, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE, CRASHES } from "./traits.ts";

const CONSENT = "conductor.dev/authorized";

/** Others write to Applications too. */
export const owners: readonly Story[] = [
  story(
    "an ApplicationSet that writes over ours is detected and explained",
    {
      shows:
        "The template of an ApplicationSet undoes our patch on us. The conductor does not patch again: us is Reverted, which counts as failed, and the message holds what lets both live together. eu goes back.",
      strategy: { minSuccessTime: "10s" },
    },
    async (world) => {
      world.platform.letsAnApplicationSetRevert("us", "1");
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a change by hand before its turn stops the release",
    {
      shows:
        "While the first wave soaks, a person sets ap to something that the plan has not seen. Writing over it might undo a hotfix: ChangedSincePlan.",
      strategy: { minSuccessTime: "30s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.changes("ap", "9");
      await world.ends();
    },
  ),
  story(
    "a rollback leaves alone what somebody else has changed",
    {
      shows:
        "eu was verified, then a person writes a revision of their own there. That fails the release; us goes back to what was verified, and eu stays as the person wants it: Drifted.",
      strategy: { minSuccessTime: "10s" },
      traits: [{ revision: "2", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("us", "2"));
      await world.passes(10);
      world.person.changes("eu", "9");
      await world.ends();
    },
  ),
  story(
    "a change by hand after success is shown and not fought",
    {
      shows:
        "Drift: the release is not Ready any more, and says what has changed. Nothing is written. When the value is back, so is Ready.",
      strategy: AT_ONCE,
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
      await world.passes(60);
      world.person.changes("us", "9");
      await world.until(releaseIs("Drifted"));
      await world.quietly(600);
      world.person.changes("us", "2");
      await world.until(releaseIs("Succeeded"));
    },
  ),
  story(
    "an Application that is deleted after success is missed",
    {
      shows: "What was verified and is gone makes the release Unknown. Nothing is created in its place.",
      strategy: AT_ONCE,
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
      await world.passes(60);
      world.person.deletes("us");
      await world.until(releaseIs("Unknown"));
    },
  ),
  story(
    "without the owner's consent nothing is written anywhere",
    {
      shows:
        "us lacks the annotation by which its owner lets this release steer it. The release is Stalled with the remedy, eu and ap are not touched, and it starts by itself when consent is given.",
      strategy: AT_ONCE,
      applications: (cluster) => (cluster === "us" ? { annotations: {} } : {}),
    },
    async (world) => {
      world.ci.releases("2");
      await world.quietly(300);
      world.person.annotates("us", CONSENT, "team-a/checkout.production");
      await world.ends();
    },
  ),
  story(
    "consent that is withdrawn before its turn holds",
    {
      shows:
        "The plan was made with consent; it is read again with every write. ap is not touched, its wave fails, and the release goes back.",
      strategy: { minSuccessTime: "30s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.person.annotates("ap", CONSENT, null);
      await world.ends();
    },
  ),
  story(
    "an Application that does not exist stops the release before anything is written",
    {
      shows: "The release is Stalled and names what is missing. It starts by itself when the Application is there.",
      strategy: AT_ONCE,
    },
    async (world) => {
      world.person.deletes("us");
      world.ci.releases("2");
      await world.quietly(120);
      world.person.creates("us", "1");
      await world.ends();
    },
  ),
  story(
    "a release after a change by hand is planned from what is there",
    {
      shows:
        "us was changed by hand after success. The next release takes what it finds there as the value to write over; what was last verified is still what it would go back to.",
      strategy: AT_ONCE,
      verified: ["2"],
      traits: [{ revision: "3", on: ["us"], ...CRASHES }],
    },
    async (world) => {
      world.person.changes("us", "9");
      await world.until(releaseIs("Drifted"));
      await world.passes(30);
      world.ci.releases("3");
      await world.until(runBegins(2));
      await world.ends();
    },
  ),
];
