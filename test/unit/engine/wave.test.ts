import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advance, completeness, failures, isActive, isLeftOut, type Completeness } from "#engine/wave.ts";
import type { Target, WaveState } from "#engine/world.ts";
import { memo, plannedWave, T0, target, waveState } from "#test/build.ts";
import { away, failed, lost, ready, syncing, waiting } from "./targets.ts";

const minute = plannedWave("canary", { minSuccessSeconds: 60 });
const progressing = waveState("Progressing");

/** A wave that is looked at again and again: when, in seconds, and whether its targets are complete. */
function soak(looks: readonly (readonly [seconds: number, complete: Completeness])[], from: WaveState = progressing): readonly string[] {
  let state = from;
  return looks.map(([seconds, complete]) => {
    ({ state } = advance(minute, state, [ready("a")], complete, T0 + seconds * 1000));
    return `${seconds}: ${state.phase} ${state.soaked / 1000}`;
  });
}

for (const [what, looks, expected] of [
  [
    "it counts from when it was complete, and is over when it has been for as long",
    [
      [0, "No"],
      [10, "Yes"],
      [30, "Yes"],
      [60, "Yes"],
      [69, "Yes"],
      [70, "Yes"],
    ],
    ["0: Progressing 0", "10: Soaking 0", "30: Soaking 20", "60: Soaking 50", "69: Soaking 59", "70: Verified 60"],
  ],
  [
    "it begins again when evidence is lost",
    [
      [0, "Yes"],
      [30, "Yes"],
      [59, "Yes"],
      [60, "No"],
      [61, "Yes"],
      [90, "Yes"],
      [120, "Yes"],
      [121, "Yes"],
    ],
    [
      "0: Soaking 0",
      "30: Soaking 30",
      "59: Soaking 59",
      "60: Progressing 0",
      "61: Soaking 0",
      "90: Soaking 29",
      "120: Soaking 59",
      "121: Verified 60",
    ],
  ],
  [
    "it holds while nobody sees, and what passes then counts for nothing",
    [
      [0, "Yes"],
      [30, "Yes"],
      [31, "Unseen"],
      [59, "Unseen"],
      [60, "Yes"],
      [89, "Yes"],
      [90, "Yes"],
    ],
    ["0: Soaking 0", "30: Soaking 30", "31: Soaking 30", "59: Soaking 30", "60: Soaking 30", "89: Soaking 59", "90: Verified 60"],
  ],
  [
    "it counts no more than 30 s for one step: a process that slept has not looked",
    [
      [0, "Yes"],
      [3600, "Yes"],
      [3630, "Yes"],
    ],
    ["0: Soaking 0", "3600: Soaking 30", "3630: Verified 60"],
  ],
  [
    "a clock that was set back takes nothing away and adds nothing",
    [
      [0, "Yes"],
      [20, "Yes"],
      [-3600, "Yes"],
      [-3590, "Yes"],
      [-3560, "Yes"],
    ],
    ["0: Soaking 0", "20: Soaking 20", "-3600: Soaking 20", "-3590: Soaking 30", "-3560: Verified 60"],
  ],
  [
    "what is seen of a wave that was not complete yet, makes it none",
    [
      [0, "Unseen"],
      [60, "Unseen"],
    ],
    ["0: Progressing 0", "60: Progressing 0"],
  ],
] as const) {
  test(`soak: ${what}`, () => assert.deepEqual(soak(looks), expected));
}

test("soak: after a restart what was stored counts once all have been seen again", () => {
  const stored = waveState("Soaking", { soaked: 40_000 });
  assert.deepEqual(
    soak(
      [
        [3600, "Unseen"],
        [3601, "Yes"],
        [3621, "Yes"],
      ],
      stored,
    ),
    ["3600: Soaking 40", "3601: Soaking 40", "3621: Verified 60"],
  );
});

test("soak: whatever the clock does, it is over only when a minute was looked at", () => {
  const looks = fc.array(
    fc.tuple(fc.integer({ min: -200, max: 200 }), fc.constantFrom<Completeness>("Yes", "Yes", "Yes", "Unseen", "No")),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(looks, (steps) => {
      let [state, now, seen, last]: [WaveState, number, number, Completeness] = [progressing, T0, 0, "No"];
      for (const [seconds, complete] of steps) {
        now += seconds * 1000;
        if (complete === "No") seen = 0;
        else if (complete === "Yes" && last === "Yes") seen += Math.min(30_000, Math.max(0, seconds * 1000));
        ({ state } = advance(minute, state, [ready("a")], complete, now));
        last = complete;
        assert.ok(state.soaked <= seen, `${state.soaked} of ${seen}`);
        assert.equal(state.phase === "Verified", complete === "Yes" && seen >= 60_000);
        if (state.phase === "Verified") return;
      }
    }),
  );
});

test("soak: a wave of which nothing was verified needs none", () => {
  const { state } = advance(minute, progressing, [failed("a"), away("b"), target("c", { phase: "Skipped" })], "Yes", T0);
  assert.deepEqual([state.phase, state.soaked], ["Verified", 0]);
});

// Before its verdict Argo CD is heard once more.

const over = waveState("Soaking", { soaked: 60_000, countedAt: T0 });
const quiet = ready("b", { heardAgain: false });
test("a wave whose soak is over waits for each Argo CD that was not heard since its target was Ready", () => {
  assert.deepEqual(advance(minute, over, [ready("a"), quiet], "Yes", T0), { state: over, silent: [quiet] });
  const { state, silent } = advance(minute, over, [ready("a"), ready("b")], "Yes", T0 + 5000);
  assert.deepEqual([state.phase, state.verifiedAt, silent], ["Verified", T0 + 5000, []]);
});

test("it does not wait for those that failed, or were taken out", () => {
  const out = target("s", { phase: "Skipped", heardAgain: false });
  assert.equal(advance(minute, over, [ready("a"), failed("f"), out, away("u")], "Yes", T0).state.phase, "Verified");
});

test("a wave without soak has just been heard, and is verified at once", () => {
  const none = advance(plannedWave("all"), progressing, [quiet], "Yes", T0);
  assert.deepEqual([none.state.phase, none.silent], ["Verified", []]);
});

// Whether all that can be had is there.

const patience = { now: T0, contactTime: 60_000 };
const complete = (targets: readonly Target[], maxUnreachable = 0): Completeness =>
  completeness(plannedWave("w", { maxUnreachable }), targets, patience);
for (const [what, is, ...targets] of [
  ["all are verified", "Yes", ready("a"), ready("b")],
  [
    "others have failed, are reverted or skipped",
    "Yes",
    ready("a"),
    failed("b"),
    target("c", { phase: "Reverted" }),
    target("d", { phase: "Skipped" }),
  ],
  ["one is on its way", "No", ready("a"), syncing("b")],
  ["one has arrived", "No", ready("a"), syncing("b", { phase: "Arrived" })],
  ["one waits", "No", waiting("a")],
  ["one was not touched yet", "No", target("a")],
  ["one was not seen since a restart", "Unseen", ready("a"), ready("b", { evidenceSince: undefined })],
  ["one was not seen, and one is on its way", "No", ready("a", { evidenceSince: undefined }), syncing("b")],
  ["one was touched and lost", "No", ready("a"), lost("b")],
  ["one was started and lost before it was written", "No", ready("a"), away("b", { started: true })],
] as const) {
  test(`a wave is complete: ${is}, when ${what}`, () => assert.equal(complete(targets, 9), is));
}

for (const [allowed, is] of [
  [0, "No"],
  [1, "No"],
  [2, "Yes"],
] as const)
  test(`a wave of which two do not answer, and ${allowed} may, is complete: ${is}`, () =>
    assert.equal(complete([ready("a"), away("b"), away("c")], allowed), is));

test("left out is who was never touched and has not answered for the contact time", () => {
  const isOut = (more: Parameters<typeof memo>[0]): boolean =>
    isLeftOut(memo({ phase: "Unreachable", lostSince: T0 - 5000, ...more }), T0, 5000);
  assert.deepEqual(
    [
      isOut({}),
      isOut({ lostSince: T0 - 4999 }),
      isOut({ lostSince: undefined }),
      isOut({ started: true }),
      isOut({ written: true }),
      isOut({ phase: "Pending" }),
    ],
    [true, false, false, false, false, false],
  );
});

// Whose turn it is.

test("a target is active in its wave's time, and afterwards if it was brought along", () => {
  const waves = [waveState("Verified"), waveState("Soaking"), waveState("Progressing"), waveState("Pending"), waveState("Failed")];
  const active = (more = {}): readonly boolean[] => waves.map((_, wave) => isActive({ waves }, wave, memo(more)));
  assert.deepEqual(active(), [false, true, true, false, false]);
  for (const more of [{ started: true }, { written: true }, { goingBack: true }, { wasReady: true }])
    assert.deepEqual(
      active(more),
      waves.map(() => true),
    );
});

test("failures are those that failed, were reverted, or go back because of it", () => {
  const back = target("b", { goingBack: true, phase: "RolledBack", failure: { reason: "SyncFailed", message: "boom" } });
  assert.equal(
    failures([ready("a"), failed("f"), target("r", { phase: "Reverted" }), back, target("s", { phase: "Skipped" }), lost("l")]),
    3,
  );
});
