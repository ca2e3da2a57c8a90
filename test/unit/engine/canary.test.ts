import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "#engine/judge.ts";
import { afterRefusal, afterWrite, type TargetMemo } from "#engine/memo.ts";
import type { Rollout } from "#engine/observation.ts";
import type { Want } from "#engine/world.ts";
import { application, at, memo, R1, R2, T0, tracks, want, wantBack, type ApplicationBuilder } from "#test/build.ts";
import { analysisRun, rollout } from "#test/rollout.ts";

/** What the Rollouts of an Application say, and what is made of it. */

const synced = application().tracking(R2).synced().ended("Succeeded", { revision: R2, started: 1, finished: 3 }).reconciled(4);
const back = application().synced().ended("Succeeded", { revision: R1, started: 1, finished: 3 }).reconciled(4);
const suspended = synced.health("Suspended", "CanaryPauseStep");
const progressing = synced.health("Progressing", "more replicas need to be updated");
const degraded = synced.health("Degraded", "RolloutAborted");

const started: TargetMemo = memo({ started: true, written: true });
const name = "Rollout shop/checkout";
const promote = "kubectl argo rollouts promote checkout -n shop";
const abort = "kubectl argo rollouts abort checkout -n shop";
const why =
  'Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "error-rate" assessed Failed due to failed (1) > failureLimit (0)';

function look(
  seconds: number,
  app: ApplicationBuilder,
  rollouts: readonly Rollout[],
  { wanted = want(), from = started }: { readonly wanted?: Want; readonly from?: TargetMemo } = {},
): TargetMemo {
  return judge(wanted, { kind: "Present", observation: { ...app.observed(wanted.desired), rollouts } }, from, T0 + seconds * 1000, true);
}

const told = ({ phase, reason, message, need }: TargetMemo): readonly (string | undefined)[] => [
  `${phase} ${reason}${need === undefined ? "" : `, needs ${need}`}`,
  message,
];

const health = "health is Progressing: more replicas need to be updated";
const unclear = rollout().at(3).paused("InconclusiveAnalysisRun").analysed("Inconclusive", "neither");
const timed = rollout().but(
  ({ spec }) => void (spec["strategy"] = { canary: { steps: [{ setWeight: 25 }, { pause: { duration: "5m" } }] } }),
);
const blueGreen = rollout()
  .but(({ spec }) => void (spec["strategy"] = { blueGreen: {} }))
  .paused("BlueGreenPause");
const named: Rollout = { namespace: "shop", name: "checkout", asked: "Never", canary: undefined };

for (const [what, app, rollouts, expected] of [
  ["a step that goes on", progressing, [rollout().at(2).seen()], ["Syncing Progressing", `${health}. ${name}, step 3 of 4, weight 50 %`]],
  [
    "an analysis that runs",
    progressing,
    [
      rollout()
        .at(3)
        .seen("Since", analysisRun("Running", ["[0.01]", "[0.02]"])),
    ],
    ["Syncing Progressing", `${health}. ${name}, step 4 of 4, weight 50 %, AnalysisRun checkout-7c4f-2-3 has measured 2 times`],
  ],
  ["all steps done", progressing, [rollout().at(4).seen()], ["Syncing Progressing", `${health}. ${name}, all 4 steps done, weight 100 %`]],
  [
    "a Rollout that is stable, beside something else that moves",
    progressing,
    [rollout().promoted().seen()],
    ["Syncing Progressing", health],
  ],
  ["a Rollout that nobody may ask", progressing, [named], ["Syncing Progressing", health]],
  [
    "a pause without an end",
    suspended,
    [rollout().seen()],
    ["Waiting CanaryPaused", `${name}, step 2 of 4, weight 25 %, is paused: ${promote} goes on, ${abort} gives it up`],
  ],
  [
    "a pause for a time",
    suspended,
    [timed.seen()],
    [
      "Waiting CanaryPaused",
      `${name}, step 2 of 2, weight 25 %, is paused for 5m, and goes on by itself: ${promote} goes on at once, ${abort} gives it up`,
    ],
  ],
  [
    "a pause by a person",
    suspended,
    [
      rollout()
        .at(2)
        .but(({ spec }) => void (spec["paused"] = true))
        .seen(),
    ],
    [
      "Waiting CanaryPaused",
      `${name}, step 3 of 4, weight 50 %, is paused by a person (spec.paused): ${promote} goes on, ${abort} gives it up`,
    ],
  ],
  [
    "an analysis that says neither",
    suspended,
    [unclear.seen()],
    [
      "Waiting CanaryPaused",
      `${name}, step 4 of 4, weight 50 %, is paused because its analysis is inconclusive, AnalysisRun checkout-7c4f-2-3: neither: ${promote} goes on, ${abort} gives it up`,
    ],
  ],
  [
    "blue-green",
    suspended,
    [blueGreen.seen()],
    ["Waiting CanaryPaused", `${name}, is paused before it is promoted: ${promote} goes on, ${abort} gives it up`],
  ],
  [
    "the one of two that is paused",
    suspended,
    [{ ...rollout().promoted().seen(), name: "cart" }, rollout().seen()],
    ["Waiting CanaryPaused", `${name}, step 2 of 4, weight 25 %, is paused: ${promote} goes on, ${abort} gives it up`],
  ],
  [
    "a pause of what nobody may ask",
    suspended,
    [named],
    ["Waiting CanaryPaused", `suspended: CanaryPauseStep. If ${name} is paused: ${promote} goes on, ${abort} gives it up`],
  ],
  [
    "a pause where there is no Rollout",
    synced.health("Suspended"),
    [],
    ["Waiting CanaryPaused", "suspended: a canary or a job waits to be resumed"],
  ],
  ["an abort since the sync", degraded, [rollout().aborted(at(2)).seen()], ["Failed CanaryFailed", `${name} was aborted: ${why}`]],
  [
    "an abort, with what was measured",
    degraded,
    [
      rollout()
        .aborted(at(2))
        .seen("Since", analysisRun("Failed", ["[0.12]"], "too many errors")),
    ],
    ["Failed CanaryFailed", `${name} was aborted: ${why}. AnalysisRun checkout-7c4f-2-3: too many errors; measured error-rate [0.12]`],
  ],
  // A look from before the Application looked like this may be of what was aborted before.
  [
    "an abort in an older look",
    degraded,
    [rollout().aborted(at(2)).seen("Before")],
    ["Syncing Degraded", "health is Degraded: RolloutAborted"],
  ],
  ["an abort before the sync", degraded, [rollout().aborted(at(0)).seen()], ["Syncing CanaryFailed", `${name} was aborted: ${why}`]],
  ["an abort without a date", degraded, [rollout().aborted(undefined).seen()], ["Syncing CanaryFailed", `${name} was aborted: ${why}`]],
  ["another reason for Degraded", degraded, [rollout().at(1).seen()], ["Syncing Degraded", "health is Degraded: RolloutAborted"]],
] as const satisfies readonly (readonly [string, ApplicationBuilder, readonly Rollout[], readonly string[]])[]) {
  test(`${what}: ${expected[0]}`, () => assert.deepEqual(told(look(5, app, rollouts)), expected));
}

test("an abort of which nobody can say whose it was fails it as Degraded does, with its own words", () => {
  const once = look(5, degraded, [rollout().aborted(undefined).seen()]);
  assert.equal(look(34, degraded, [rollout().aborted(undefined).seen()], { from: once }).phase, "Syncing");
  assert.deepEqual(told(look(35, degraded, [rollout().aborted(undefined).seen()], { from: once })), [
    "Failed CanaryFailed",
    `${name} was aborted: ${why}`,
  ]);
});

test("at the deadline an aborted canary is what it failed with", () => {
  const wanted = want({ healthyBefore: false });
  const once = look(5, degraded, [rollout().aborted(undefined).seen()], { wanted });
  assert.deepEqual(told(look(905, degraded, [rollout().aborted(undefined).seen()], { wanted, from: once })).at(0), "Failed CanaryFailed");
});

// Progress.

for (const [what, then, isProgress] of [
  ["another step", rollout().at(2).seen(), true],
  [
    "another measurement",
    rollout()
      .at(1)
      .seen("Since", analysisRun("Running", ["[0.01]"])),
    true,
  ],
  ["the same once more", rollout().at(1).seen(), false],
  ["the same in an older look", rollout().at(1).seen("Before"), false],
  ["that nobody may ask any more", named, false],
] as const) {
  test(`${what} is ${isProgress ? "" : "no "}progress`, () => {
    const once = look(10, progressing, [rollout().at(1).seen()]);
    assert.equal(look(20, progressing, [then], { from: once }).progressAt, T0 + (isProgress ? 20_000 : 0));
  });
}

test("that Rollouts can be asked at last is no progress", () => {
  const once = look(10, progressing, [named]);
  const then = look(20, progressing, [rollout().at(1).seen()], { from: once });
  assert.deepEqual([then.progressAt, look(30, progressing, [rollout().at(2).seen()], { from: then }).progressAt], [T0, T0 + 30_000]);
});

test("while it is paused no deadline runs, and it is asked again all the same", () => {
  const paused = look(9000, suspended, [rollout().seen()]);
  assert.deepEqual([paused.progressAt, paused.lookAt], [T0 + 9_000_000, T0 + 9_005_000]);
  assert.equal(look(9000, suspended, [named]).lookAt, T0 + 9_060_000);
});

// The same bad revision again.

const again = want({ over: [tracks(R2)], healthyBefore: false, lastOperation: at(1) });
const untouched = memo({ started: true });
const failed = [rollout().aborted(at(2)).seen()];

test("what was aborted before a release that changes nothing there has failed, with how to try it again", () => {
  assert.deepEqual(told(look(5, degraded, failed, { wanted: again, from: untouched })), [
    "Failed CanaryFailed",
    `${name} was aborted: ${why}. That was before this release, and the same revision changes nothing there. Release another one, or try it again with the annotation conductor.dev/retry, or in its cluster: kubectl argo rollouts retry rollout checkout -n shop`,
  ]);
});

const retry = { ...again, canary: "Retry" } as const;
test("a person's retry begins it again, once", () => {
  const asks = look(5, degraded, failed, { wanted: retry, from: untouched });
  assert.deepEqual(told(asks), ["Waiting CanaryFailed, needs RetryCanary", `${name} was aborted: ${why}`]);

  const asked = afterWrite(asks, "RetryCanary", T0 + 6000);
  assert.equal(asked.written, true);
  assert.deepEqual(told(look(6, degraded, failed, { wanted: retry, from: asked })), [
    "Syncing Progressing",
    "the canary that was aborted is asked to begin again",
  ]);

  const begun = look(8, progressing, [rollout().at(0).seen()], { wanted: retry, from: asked });
  assert.deepEqual(told(begun), ["Syncing Progressing", `${health}. ${name}, step 1 of 4, weight 25 %`]);
  assert.deepEqual(told(look(60, degraded, [rollout().aborted(at(50)).seen()], { wanted: retry, from: begun })), [
    "Failed CanaryFailed",
    `${name} was aborted: ${why}`,
  ]);
});

test("after a restart a retry is not repeated", () => {
  assert.equal(told(look(60, degraded, [rollout().aborted(at(50)).seen()], { wanted: retry }))[0], "Failed CanaryFailed");
});

test("a retry that is refused says so, and is tried until the deadline", () => {
  const asks = look(5, degraded, failed, { wanted: retry, from: untouched });
  const refused = afterRefusal(asks, "RetryCanary", "rollouts/status is forbidden");
  assert.deepEqual(told(look(6, degraded, failed, { wanted: retry, from: refused })), [
    "Syncing WriteRefused, needs RetryCanary",
    "rollouts/status is forbidden",
  ]);
  assert.deepEqual(told(look(905, degraded, failed, { wanted: retry, from: refused })), [
    "Failed WriteRefused",
    "rollouts/status is forbidden",
  ]);
});

test("a retry of what was aborted since is a failure of its own", () => {
  assert.equal(told(look(5, degraded, failed, { wanted: { ...retry, lastOperation: at(-9) }, from: untouched }))[0], "Failed CanaryFailed");
});

// On the way back.

const turned = memo({ started: true, written: true, goingBack: true });
const REPEATS = "going back repeats the canary, for what it goes back to is not the Rollout's stable revision any more: ";
const backwards = (seconds: number, app: ApplicationBuilder, seen: Rollout, wanted = wantBack(), from = turned): TargetMemo =>
  look(seconds, app, [seen], { wanted, from });

test("a canary that is repeated on the way back is called that, while it moves and while it is paused", () => {
  assert.deepEqual(told(backwards(5, back.health("Progressing"), rollout().at(0).seen())), [
    "Syncing RollbackRepeatsCanary",
    `${REPEATS}health is Progressing. ${name}, step 1 of 4, weight 25 %`,
  ]);
  const paused = backwards(5, back.health("Suspended"), rollout().seen());
  assert.deepEqual(told(paused), [
    "Waiting RollbackRepeatsCanary",
    `${REPEATS}${name}, step 2 of 4, weight 25 %, is paused: ${promote} goes on, ${abort} gives it up; to skip all that is left: ${promote} --full`,
  ]);
  assert.equal(paused.progressAt, T0 + 5000);
});

test("amid a canary it is back at stable at once, and nothing is repeated", () => {
  assert.deepEqual(told(backwards(5, back.health("Progressing"), rollout().promoted().seen())), [
    "Syncing Progressing",
    "health is Progressing",
  ]);
});

test("a canary that is aborted on the way back has failed to go back; one that was aborted before is waited for", () => {
  assert.equal(told(backwards(5, back.health("Degraded"), rollout().aborted(at(2)).seen()))[0], "Failed CanaryFailed");
  assert.equal(told(backwards(5, back.health("Degraded"), rollout().aborted(at(0)).seen()))[0], "Syncing CanaryFailed");
});

test("with promoteFull its steps are skipped, and asked for again when that is not to be seen", () => {
  const wanted = wantBack({ canary: "Promote" });
  const app = back.health("Suspended");
  const asks = backwards(5, app, rollout().seen(), wanted);
  assert.equal(told(asks)[0], "Waiting RollbackRepeatsCanary, needs PromoteFull");
  assert.equal(backwards(5, app, rollout().seen("Before"), wanted).need, undefined);

  const asked = afterWrite(asks, "PromoteFull", T0 + 5000);
  const needs = [14, 15].map((seconds) => backwards(seconds, app, rollout().seen(), wanted, asked).need);
  assert.deepEqual(needs, [undefined, "PromoteFull"]);
  assert.equal(backwards(15, app, rollout().promoting().seen(), wanted, asked).need, undefined);
});

test("where it may not be skipped the steps are repeated, and the message says why", () => {
  const wanted = wantBack({ canary: "Promote" });
  const app = back.health("Progressing");
  const refused = afterRefusal(backwards(5, app, rollout().at(0).seen(), wanted), "PromoteFull", "rollouts/status is forbidden");
  const after = backwards(6, app, rollout().at(1).seen(), wanted, refused);
  assert.deepEqual(told(after), [
    "Syncing RollbackRepeatsCanary, needs PromoteFull",
    `${REPEATS}health is Progressing. ${name}, step 2 of 4, weight 25 %. It is not promoted fully: rollouts/status is forbidden`,
  ]);
  assert.equal(after.refused, undefined);
});
