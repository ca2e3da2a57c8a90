import assert from "node:assert/strict";
import { test } from "node:test";
import { GATE_PHASES, RELEASE_PHASES, TARGET_PHASES, WAVE_PHASES, type TargetPhase } from "#api/reasons.ts";
import type { TargetStatus } from "#api/releaserun.ts";
import type { ServiceReleaseStatus } from "#api/servicerelease.ts";
import { moodOfRelease, moodOfTarget, moodOfWave, MOODS } from "#cli/look.ts";
import { treeOf, type TreeLook } from "#cli/release/tree.ts";
import { viewOf, type ReleaseView } from "#cli/release/view.ts";
import { clipped } from "#cli/table.ts";
import { plannedWave, R2, release, run } from "#test/build.ts";

const AT = "2026-11-20T10:00:00Z";
const LOOK: TreeLook = { colours: false, width: 80, now: Date.parse("2026-11-20T10:05:00Z"), most: 10 };

const target = (cluster: string, phase: TargetPhase, more: Partial<TargetStatus> = {}): TargetStatus => ({
  cluster,
  phase,
  reason: "Verified",
  message: "in words",
  since: AT,
  ...more,
});

/** A view of a run whose clusters are so, in one wave, and of a release that lists others. */
function view(targets: readonly TargetStatus[], listed: ServiceReleaseStatus["clusters"] = [], finishedAt?: string): ReleaseView {
  const status = {
    observedGeneration: 1,
    phase: "Progressing" as const,
    startedAt: AT,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    waves: [{ name: "all", phase: "Progressing" as const, startedAt: AT, soakedSeconds: 0 }],
    targets: [...targets],
  };
  const clusters = ["eu", "us", "ap"].map((cluster) => ({ cluster }));
  return viewOf(release({}, { observedGeneration: 7, clusters: [...listed] }), run({ targets: clusters, status }));
}

const phasesOf = ({ waves }: ReleaseView): unknown => waves?.[0]?.clusters.map(({ name, phase }) => [name, phase]);

test("what a run does not list is to come while it runs, and verified when it has ended", () => {
  assert.deepEqual(phasesOf(view([target("us", "Syncing")])), [
    ["us", "Syncing"],
    ["ap", "Pending"],
    ["eu", "Pending"],
  ]);
  assert.deepEqual(phasesOf(view([target("us", "Failed")], [], AT)), [
    ["us", "Failed"],
    ["ap", "Ready"],
    ["eu", "Ready"],
  ]);
});

test("the order of clusters is that of how much they matter, and cluster 9 comes before cluster 10", () => {
  const clusters = ["c9", "c10", ...TARGET_PHASES.map((phase) => phase.toLowerCase())];
  const targets = clusters.map((cluster, index) => target(cluster, TARGET_PHASES[index - 2] ?? "Failed"));
  const { waves } = viewOf(
    release(),
    run({ waves: [plannedWave("all")], targets: clusters.map((cluster) => ({ cluster })), status: { targets } }),
  );
  const shown = waves?.[0]?.clusters.map(({ name }) => name) ?? [];
  assert.deepEqual(shown.slice(0, 5), ["c9", "c10", "drifted", "failed", "reverted"]);
  assert.deepEqual(shown.at(-1), "ready");
  const moods = (waves?.[0]?.clusters ?? []).map(({ phase }) => MOODS.indexOf(moodOfTarget(phase)));
  assert.deepEqual(
    moods,
    moods.toSorted((a, b) => a - b),
  );
});

test("what has drifted since, and what its run does not cover, is with the clusters that are not done", () => {
  const listed = [
    { name: "eu", phase: "Drifted", reason: "ValuesChanged", message: "somebody changed it" },
    { name: "new", phase: "Pending", reason: "NotCovered", message: "joined later" },
  ] as const;
  const shown = view([target("us", "Unreachable")], [...listed], AT);
  assert.deepEqual(
    shown.clusters.map(({ name, phase }) => [name, phase]),
    [
      ["eu", "Drifted"],
      ["us", "Unreachable"],
      ["new", "Pending"],
    ],
  );
  assert.equal(
    treeOf(shown, LOOK).split("├─ ")[1],
    `● all   2/3   Progressing   in 0s
│  ‖ us  Unreachable 5m  Verified: in words
│  ✓ ap  Ready
│  ✓ eu  Ready
└─ since then
   ✗ eu   Drifted  ValuesChanged: somebody changed it
   ○ new  Pending  NotCovered: joined later
`,
  );
});

test("why a target had failed is said where it has gone back", () =>
  assert.equal(
    view([target("eu", "RolledBack", { failure: { reason: "Degraded", message: "a pod crashes" } })]).clusters[0]?.message,
    "in words (it had failed: a pod crashes)",
  ));

test("gates stand at their wave, each with its object", () => {
  const gates = GATE_PHASES.map((phase, index) => ({
    kind: index % 2 === 0 ? ("Approval" as const) : ("Analysis" as const),
    object: `gate-${index}`,
    phase,
    message: phase === "Passed" ? "" : "in words",
    since: AT,
  }));
  const status = { waves: [{ name: "all", phase: "Waiting" as const, soakedSeconds: 0, gates }] };
  assert.equal(
    treeOf(viewOf(release(), run({ status })), LOOK).split("└─ ")[1],
    `‖ all   0/2   Waiting
   ○ Approval gate-0 Pending: in words
   ‖ Analysis gate-1 Waiting: in words
   ✓ Approval gate-2 Passed
   ✗ Analysis gate-3 Failed: in words
   ✗ Approval gate-4 Inconclusive: in words
`,
  );
});

test("a run back, and one that catches up, says so", () => {
  const shown = viewOf(release(), run({ kind: "CatchUp", number: 9, status: { startedAt: AT, finishedAt: "2026-11-20T10:01:00Z" } }));
  assert.match(treeOf(shown, LOOK), /\n {2}run checkout.production-9 \(CatchUp to 222222222222\) {3}in 60s\n/);
});

test("nothing is wider than it may be, and what is bad is not cut off", () => {
  const long = "word ".repeat(60).trim();
  const text = treeOf(view([target("eu", "Failed", { message: long }), target("us", "Syncing", { message: long })]), {
    ...LOOK,
    width: 60,
  });
  for (const line of text.split("\n")) assert.ok(line.length <= 60, line);
  assert.equal(text.match(/word/g)?.length, 60 + 5);
});

test("of many that are not as they should be so many are shown, and the rest is counted", () => {
  const names = Array.from({ length: 30 }, (_, index) => `c${index}`);
  const targets = names.map((cluster, index) => target(cluster, index < 20 ? "Failed" : "Ready"));
  const shown = viewOf(release(), run({ targets: names.map((cluster) => ({ cluster })), status: { targets } }));
  const lines = treeOf(shown, { ...LOOK, most: 3 })
    .trimEnd()
    .split("\n")
    .slice(-4);
  assert.deepEqual(lines, [
    "   ✗ c0  Failed 5m  Verified: in words",
    "   ✗ c1  Failed 5m  Verified: in words",
    "   ✗ c2  Failed 5m  Verified: in words",
    "     and 17 Failed, 10 Ready",
  ]);
});

test("a line that is clipped keeps its colours, and ends with an ellipsis", () => {
  const red = "\u001b[31mred\u001b[39m";
  assert.equal(clipped(`${red} and more`, 20), `${red} and more`);
  assert.equal(clipped(`${red} and more`, 6), `${red} a…`);
  assert.equal(clipped(`${red} and more`, 3), "\u001b[31mre…\u001b[39m");
  assert.equal(clipped(`12${red}`, 3), "12\u001b[31m…\u001b[39m");
});

test("with colours the words are the same, and stand in the same places", () => {
  const long = "word ".repeat(40).trim();
  const gates = [{ kind: "Analysis" as const, object: "a", phase: "Failed" as const, message: long, since: AT }];
  const waves = [{ name: "all", phase: "Failed" as const, soakedSeconds: 0, gates }];
  const shown = viewOf(release(), run({ status: { waves, targets: [target("eu", "Failed", { message: long })] } }));
  const plain = treeOf(shown, LOOK);
  const coloured = treeOf(shown, { ...LOOK, colours: true });
  assert.notEqual(coloured, plain);
  assert.equal(coloured.replaceAll(new RegExp(`${"\u001b"}\\[\\d+m`, "g"), ""), plain);
});

test("every phase has a mood", () => {
  const moods = [...RELEASE_PHASES.map(moodOfRelease), ...TARGET_PHASES.map(moodOfTarget), ...WAVE_PHASES.map(moodOfWave)];
  assert.deepEqual([...new Set(moods)].toSorted(), MOODS.toSorted());
});

test("a release without a status is Pending", () =>
  assert.deepEqual(viewOf(release(), undefined), {
    version: 1,
    name: "checkout.production",
    namespace: "team-a",
    revision: R2,
    stable: null,
    phase: "Pending",
    observed: false,
    message: "the conductor has not looked at it yet",
    run: null,
    url: null,
    targets: null,
    waitingOn: null,
    waves: null,
    clusters: [],
  }));
