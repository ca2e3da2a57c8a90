import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { newRequests, noted, ordersOf, refusalOf, requestsFor } from "#controllers/orders.ts";
import { restoredState } from "#controllers/restored.ts";
import type { Request } from "#engine/actions.ts";
import type { Orders } from "#engine/world.ts";
import { at, release, run, T0 } from "#test/build.ts";

const NAME = "checkout.production-1";
type Handled = NonNullable<NonNullable<ReleaseRun["status"]>["actions"]>;
const act = (action: Action, seconds = 0, argument = ""): Handled[number] => ({ action, value: `${NAME}${argument}`, at: at(seconds) });

// What is noted.

const noting = (
  actions: Handled,
  requests: readonly Request[],
  now: number,
  status: Omit<NonNullable<ReleaseRun["status"]>, "actions"> = {},
  annotations: Readonly<Record<string, string>> = {},
): Handled => noted(run({ status: { ...status, actions } }), release({}, undefined, annotations), requests, now);

const asks = (annotations: Readonly<Record<string, string>>, handled: Handled = []): unknown =>
  newRequests(
    run({ status: { startedAt: at(0), actions: handled } }),
    release({}, undefined, annotations),
    (revision) => revision === "v1",
  ).map(({ action, argument }) => `${action} ${argument}`.trim());
for (const [what, asked, expected] of [
  ["what is for this run", asks({ "conductor.dev/pause": NAME, "conductor.dev/abort": `${NAME}/x` }), ["pause", "abort x"]],
  ["not what is for another", asks({ "conductor.dev/pause": "checkout.production-2" }), []],
  ["not what was noted", asks({ "conductor.dev/pause": NAME }, [act("pause")]), []],
  ["the same action with another argument", asks({ "conductor.dev/skip": `${NAME}/us` }, [act("skip", 0, "/eu")]), ["skip us"]],
  ["not to skip who is no target", asks({ "conductor.dev/skip": `${NAME}/mars` }), []],
  ["to go back to what was verified, which ends the run first", asks({ "conductor.dev/rollback-to": `${NAME}/v1` }), ["rollback-to v1"]],
  ["not to go back to what was not", asks({ "conductor.dev/rollback-to": `${NAME}/v2` }), []],
  [
    "nothing that makes a run of its own",
    asks({ "conductor.dev/retry": NAME, "conductor.dev/retry-failed": NAME, "conductor.dev/confirm": NAME }),
    [],
  ],
] as const) {
  test(`a run notes ${what}`, () => assert.deepEqual(asked, expected));
}

test("what stands on the run itself is noted as well, each value once, and of the actions only those that may stand there", () => {
  const annotations = {
    pause: `${NAME}/again`,
    resume: NAME,
    abort: "checkout.production-2",
    retry: NAME,
    skip: `${NAME}/eu`,
    confirm: NAME,
  };
  const one = run({
    status: { startedAt: at(0), actions: [] },
    annotations: Object.fromEntries(Object.entries(annotations).map(([action, value]) => [`conductor.dev/${action}`, value])),
  });
  const both = release({}, undefined, { "conductor.dev/pause": NAME, "conductor.dev/resume": NAME });
  const values = (requests: readonly Request[]): unknown => requests.map(({ action, value }) => [action, value]);
  assert.deepEqual(values(newRequests(one, both, () => true)), [
    ["pause", NAME],
    ["resume", NAME],
    ["pause", `${NAME}/again`],
  ]);
  assert.deepEqual(values(requestsFor(one, both)), [
    ["pause", NAME],
    ["resume", NAME],
    ["pause", `${NAME}/again`],
    ["retry", NAME],
  ]);
});

test("what is asked still is not forgotten: it would be noted anew, behind what came after it", () => {
  let actions: Handled = [act("pause"), act("resume", 1)];
  for (let n = 0; n < 30; n += 1)
    actions = noting(
      actions,
      [{ action: n % 2 === 0 ? "pause" : "resume", value: `${NAME}/${n}`, run: NAME, argument: `${n}` }],
      T0 + n * 1000,
      {},
      { "conductor.dev/pause": NAME },
    );
  assert.deepEqual([actions[0], actions.at(-1), actions.length], [act("pause"), act("resume", 29, "/29"), 20]);
});

for (const [argument, refusal] of [
  ["eu", undefined],
  ["", `it names no cluster: write ${NAME}/<cluster>`],
  ["mars", `mars is not among the targets of ${NAME}`],
] as const)
  test(`to skip "${argument}" is ${refusal === undefined ? "taken" : "refused"}`, () =>
    assert.equal(refusalOf({ action: "skip", value: "", run: NAME, argument }, run()), refusal));

test("what is noted stands behind what was, with when", () => {
  const requests = [{ action: "abort", value: NAME, run: NAME, argument: "" }] as const;
  assert.deepEqual(noting([act("pause", -9)], requests, T0 + 500), [act("pause", -9), act("abort")]);
  assert.deepEqual(
    noting([], requests.slice(-1), T0 + 500, { stop: { startedAt: at(0), message: "boom" } }),
    [act("abort", 1)],
    "what is asked of a run that has stopped is later than its stop",
  );
});

// What is done.

const orders = (actions: Handled, { paused = false, stop }: { paused?: boolean; stop?: number } = {}): Orders => {
  const stopped = stop === undefined ? {} : { stop: { startedAt: at(stop), message: "boom" } };
  const one = run({ status: { startedAt: at(0), actions, ...stopped } });
  return ordersOf(one, release({ paused }), restoredState(one, T0));
};
const nothing: Orders = { paused: false, aborted: false, resumed: false, skipped: new Set() };
for (const [what, made, expected] of [
  ["nothing", orders([]), {}],
  ["pause", orders([act("pause")]), { paused: true }],
  ["spec.paused", orders([], { paused: true }), { paused: true }],
  ["pause, then resume", orders([act("pause"), act("resume", 5)]), {}],
  ["resume, then pause", orders([act("resume"), act("pause", 5)]), { paused: true }],
  ["resume does not lift spec.paused", orders([act("resume")], { paused: true }), { paused: true }],
  ["resume after it was stopped", orders([act("resume", 10)], { stop: 5 }), { resumed: true }],
  ["resume in the second in which it was stopped: nobody has seen that yet", orders([act("resume", 5)], { stop: 5 }), {}],
  ["resume before it was stopped", orders([act("resume", 5)], { stop: 10 }), {}],
  ["resume, then pause, after it was stopped", orders([act("resume", 6), act("pause", 7)], { stop: 5 }), { paused: true }],
  ["abort", orders([act("abort")]), { aborted: true }],
  ["rollback-to", orders([act("rollback-to", 0, "/release/v1")]), { aborted: true, backTo: "release/v1" }],
  ["skip two", orders([act("skip", 0, "/eu"), act("skip", 1, "/us")]), { skipped: new Set(["eu", "us"]) }],
] as const) {
  test(`orders: ${what}`, () => assert.deepEqual(made, { ...nothing, ...expected }));
}

test("a run that was paused stays so, however much is asked of it afterwards", () => {
  let actions: Handled = [act("pause")];
  for (let n = 0; n < 30; n += 1)
    actions = noting(actions, [{ action: "skip", value: `${NAME}/c${n}`, run: NAME, argument: `c${n}` }], T0 + n * 1000);
  const { paused, skipped } = orders(actions);
  assert.deepEqual([paused, skipped.has("c29"), actions.length <= 20], [true, true, true]);
});
