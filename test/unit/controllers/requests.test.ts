import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { requestsOf, type Answers } from "#controllers/requests.ts";
import { at, R1, R2, R3, release, run, tracks } from "#test/build.ts";

const n = (number: number): string => `checkout.production-${number}`;
const wish = { revision: R3, hash: "0123456789abcdef", paused: false };
const ended = (number: number, phase: Outcome, more: Parameters<typeof run>[0] = {}): ReleaseRun =>
  run({
    number,
    status: { phase, startedAt: at(-60), finishedAt: at(-9), ...(phase === "Failed" ? { targets: [failed] } : {}) },
    ...more,
  });
const failed = { cluster: "us", phase: "Failed", reason: "SyncFailed", message: "boom", since: at(-9) } as const;
const flying = (number: number, more: Parameters<typeof run>[0] = {}): ReleaseRun =>
  run({ number, status: { phase: "Progressing", startedAt: at(-60) }, ...more });
const first = ended(1, "Succeeded", { revision: R1, values: [tracks(R1)], targets: [{ cluster: "eu", live: 0, baseline: 0 }] });

const older: ReleaseRun = ((made) => ({ ...made, spec: { ...made.spec, release: { ...made.spec.release, hash: "an older wish" } } }))(
  ended(2, "Failed"),
);

function told(action: string, value: string, runs: readonly ReleaseRun[], before?: Answers): unknown {
  const status = before === undefined ? undefined : { actions: before };
  const { answers, intent } = requestsOf(release({}, status, { [`conductor.dev/${action}`]: value }), wish, runs);
  if (intent !== undefined) return [intent.kind, intent.revision];
  return answers.length === 0 ? "not yet" : answers.map(({ result, message }) => `${result}: ${message}`).join();
}
const other = `it names run ${n(1)}, and the newest is ${n(2)}: what was meant for one run is not done to another`;
for (const [what, answer, expected] of [
  ["a pause waits for the run to note it", told("pause", n(2), [first, flying(2)]), "not yet"],
  [
    "a pause that was noted is done",
    told("pause", n(2), [first, flying(2, { status: { startedAt: at(-9), actions: [{ action: "pause", value: n(2), at: at(-5) }] } })]),
    `Done: noted by ${n(2)}`,
  ],
  ["a pause of a run that has ended is refused", told("pause", n(2), [first, ended(2, "Failed")]), `Refused: ${n(2)} has ended`],
  ["a pause of another run is refused", told("pause", n(1), [first, flying(2)]), `Refused: ${other}`],
  ["a pause before there is a run is refused", told("pause", n(1), []), "Refused: there is no run yet"],
  [
    "to skip who is no target is refused",
    told("skip", `${n(2)}/mars`, [first, flying(2)]),
    `Refused: mars is not among the targets of ${n(2)}`,
  ],
  ["a retry makes a run", told("retry", n(2), [first, ended(2, "Failed")]), ["Forward", R3]],
  ["a retry while a run is in flight waits for its end", told("retry", n(2), [first, flying(2)]), "not yet"],
  ["a retry of another run is refused", told("retry", n(1), [first, ended(2, "Failed")]), `Refused: ${other}`],
  [
    "a retry whose run was made is done, and is not made again",
    told("retry", n(2), [first, ended(2, "Failed"), ended(3, "Failed", { cause: { action: "retry", value: n(2), run: n(2) } })]),
    `Done: ${n(3)} was made`,
  ],
  [
    "a retry of what is no longer wished is refused: the wish is run",
    told("retry", n(2), [first, older]),
    `Refused: a newer wish, revision ${R3}, has taken the place of ${n(2)}`,
  ],
  ["retry-failed makes a run", told("retry-failed", n(2), [first, ended(2, "Failed")]), ["RetryFailed", R2]],
  ["to go back to a verified revision makes a run", told("rollback-to", `${n(2)}/${R1}`, [first, ended(2, "Failed")]), ["Rollback", R1]],
  ["to go back waits for the end of a run in flight", told("rollback-to", `${n(2)}/${R1}`, [first, flying(2)]), "not yet"],
  [
    "to go back to what was never verified is refused, run in flight or not",
    told("rollback-to", `${n(2)}/v9`, [first, flying(2)]),
    `Refused: revision v9 was never verified here: verified were ${R1}`,
  ],
  [
    "a confirmation is noted",
    told("confirm", n(2), [first, ended(2, "Failed")]),
    "Done: clusters that are gone since then are no longer waited for",
  ],
  [
    "a confirmation for another run is refused",
    told("confirm", n(1), [first, ended(2, "Failed")]),
    `Refused: it names run ${n(1)}, and the newest is ${n(2)}`,
  ],
  [
    "what was answered stays answered, whatever has happened since",
    told("pause", n(2), [first, flying(2)], [{ action: "pause", value: n(2), result: "Refused", message: "no" }]),
    "Refused: no",
  ],
  [
    "another value is another request",
    told("retry", n(2), [first, ended(2, "Failed")], [{ action: "retry", value: n(1), result: "Done", message: "" }]),
    ["Forward", R3],
  ],
] as const) {
  test(`requests: ${what}`, () => assert.deepEqual(answer, expected));
}

const confirms = (value: string, ...runs: readonly ReleaseRun[]): boolean =>
  requestsOf(release({}, undefined, { "conductor.dev/confirm": value }), wish, runs).confirmed;
test("clusters are confirmed to be gone by naming the newest run, with a remark or without, and no older one", () => {
  const catching = ended(3, "Succeeded", { kind: "CatchUp" });
  assert.deepEqual(
    [
      confirms(n(2), first, ended(2, "Failed")),
      confirms(n(1), first, ended(2, "Failed")),
      confirms(n(2), first, ended(2, "Failed"), catching),
      confirms(""),
    ],
    [true, false, true, false],
  );
  assert.equal(confirms(`${n(2)}/moved to the hub`, first, ended(2, "Failed")), true);
});

test("of several requests the first makes a run, the others come after", () => {
  const annotations = { "conductor.dev/rollback-to": `${n(2)}/${R1}`, "conductor.dev/retry": n(2), "conductor.dev/pause": n(2) };
  const { intent, answers } = requestsOf(release({}, undefined, annotations), wish, [first, ended(2, "Failed")]);
  assert.deepEqual([intent?.kind, answers.map(({ action }) => action)], ["Forward", ["pause"]]);
});

// On a run itself, as an action in Argo CD's UI leaves them.

const onRun = (action: string, value: string) => ({ annotations: { [`conductor.dev/${action}`]: value } });
function toldByRuns(runs: readonly ReleaseRun[], annotations: Readonly<Record<string, string>> = {}, before?: Answers): unknown {
  const { answers, intent } = requestsOf(release({}, before === undefined ? undefined : { actions: before }, annotations), wish, runs);
  return [intent?.kind, ...answers.map(({ action, value, result, message }) => `${action} ${value} ${result}: ${message}`)];
}
for (const [what, answer, expected] of [
  ["a retry makes a run", toldByRuns([first, ended(2, "Failed", onRun("retry", `${n(2)}/ui`))]), ["Forward"]],
  ["a retry waits for the end of its run", toldByRuns([first, flying(2, onRun("retry", n(2)))]), [undefined]],
  [
    "a retry whose run was made is done, and is not made again",
    toldByRuns([
      ended(2, "Failed", onRun("retry", `${n(2)}/ui`)),
      ended(3, "Failed", { cause: { action: "retry", value: `${n(2)}/ui`, run: n(2) } }),
    ]),
    [undefined, `retry ${n(2)}/ui Done: ${n(3)} was made`],
  ],
  [
    "a retry of a run that is not the newest is refused, with the newest",
    toldByRuns([ended(1, "Failed", onRun("retry", n(1))), ended(2, "Failed")]),
    [undefined, `retry ${n(1)} Refused: ${other}`],
  ],
  ["what names another run is nothing there", toldByRuns([first, ended(2, "Failed", onRun("retry", n(1)))]), [undefined]],
  ["what may not stand there is nothing", toldByRuns([first, ended(2, "Failed", onRun("rollback-to", `${n(2)}/${R1}`))]), [undefined]],
  [
    "a pause of a run that has ended is refused",
    toldByRuns([first, ended(2, "Failed", onRun("pause", n(2)))]),
    [undefined, `pause ${n(2)} Refused: ${n(2)} has ended`],
  ],
  [
    "of two with one action the one that names the newer run is answered",
    toldByRuns([first, ended(2, "Failed", onRun("pause", n(2)))], { "conductor.dev/pause": n(1), "conductor.dev/abort": n(1) }),
    [undefined, `pause ${n(2)} Refused: ${n(2)} has ended`, `abort ${n(1)} Refused: ${other}`],
  ],
  [
    "what stands on the release makes the run, whatever stood on it before",
    toldByRuns([first, ended(2, "Failed", onRun("pause", n(2)))], { "conductor.dev/retry": n(2) }),
    ["Forward", `pause ${n(2)} Refused: ${n(2)} has ended`],
  ],
] as const)
  test(`requests on runs: ${what}`, () => assert.deepEqual(answer, expected));
