import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { demandsOf, Slots, type Demand } from "#controllers/slots.ts";
import { target, waveState } from "#test/build.ts";

const at = (demand: Demand, instance = "hub"): ReadonlyMap<string, Demand> => new Map([[instance, demand]]);
function slots(limit: number, demands: Readonly<Record<string, Demand>> = {}) {
  const woken: string[] = [];
  const made = new Slots(
    () => limit,
    (run) => woken.push(run),
  );
  for (const [run, demand] of Object.entries(demands)) made.update(run, at(demand));
  return { made, woken, room: (run: string): number => made.room(run, "hub") };
}

for (const [what, limit, demands, room] of [
  ["a run alone has all", 10, {}, 10],
  ["less what it has in flight", 10, { a: { inFlight: 4, waiting: 9 } }, 6],
  ["beside one that wants as much, half", 10, { b: { inFlight: 0, waiting: 99 } }, 5],
  ["beside one that wants little, the rest", 10, { b: { inFlight: 1, waiting: 1 } }, 8],
  ["what two others do not need is shared", 12, { b: { inFlight: 2, waiting: 0 }, c: { inFlight: 0, waiting: 99 } }, 5],
  ["never more than is free, though another has more than its share", 10, { b: { inFlight: 9, waiting: 9 } }, 1],
  ["nothing where all is in flight", 10, { b: { inFlight: 10, waiting: 9 } }, 0],
  ["nothing where more is in flight than may be: the limit was lowered", 3, { b: { inFlight: 10, waiting: 0 } }, 0],
  ["nothing more for who has its share", 10, { a: { inFlight: 5, waiting: 9 }, b: { inFlight: 0, waiting: 9 } }, 0],
  ["a share is rounded up", 3, { b: { inFlight: 0, waiting: 9 } }, 2],
] as const) {
  test(`slots: ${what}: ${room}`, () => assert.equal(slots(limit, demands).room("a"), room));
}

test("slots: each Argo CD has its own", () => {
  const { made } = slots(10, { b: { inFlight: 10, waiting: 0 } });
  assert.deepEqual([made.room("a", "hub"), made.room("a", "other")], [0, 10]);
});

test("slots: who waits is woken when somebody gives back, and only then", () => {
  const { made, woken } = slots(2, { a: { inFlight: 2, waiting: 3 }, b: { inFlight: 0, waiting: 5 }, c: { inFlight: 0, waiting: 0 } });
  made.update("a", at({ inFlight: 2, waiting: 3 }));
  assert.deepEqual(woken, []);
  made.update("a", at({ inFlight: 1, waiting: 3 }));
  assert.deepEqual(woken, ["b"]);
  made.update("a", new Map());
  assert.deepEqual([woken, made.room("b", "hub")], [["b", "b"], 2]);
});

test("a run demands room for what is in flight, and for what waits for a start in a wave that is open or goes back", () => {
  const hub = { instance: "hub" };
  const targets = [
    target("a", { started: true, need: "Patch" }, hub),
    target("b", { need: "Patch" }, hub),
    target("c", { need: "Patch" }, { ...hub, wave: 1 }),
    target("d", { need: "Patch", goingBack: true }, { ...hub, wave: 1 }),
    target("e", { need: "Confirm" }, hub),
    target("f", { started: true, phase: "Ready" }),
    target("g", { started: true, phase: "Unknown" }),
  ];
  const waves = [waveState("Progressing"), waveState("Pending")];
  const state = { startedAt: 0, waves, rollback: undefined, stop: undefined, accepted: 0, overrides: [] };
  assert.deepEqual(Object.fromEntries(demandsOf(state, targets)), { hub: { inFlight: 1, waiting: 2 }, g: { inFlight: 1, waiting: 0 } });
});

/** Runs that start what they may, one after another, and whose targets arrive as `arrivals` says. */
function fleet(limit: number, sizes: readonly number[]) {
  const { made } = slots(limit);
  const runs = sizes.map((waiting, index) => ({ name: `r${index}`, waiting, inFlight: 0, done: 0 }));
  const report = (one: (typeof runs)[number]): void => made.update(one.name, at({ inFlight: one.inFlight, waiting: one.waiting }));
  for (const one of runs) report(one);
  const start = (one: (typeof runs)[number]): void => {
    const started = Math.min(one.waiting, made.room(one.name, "hub"));
    one.inFlight += started;
    one.waiting -= started;
    report(one);
  };
  const arrive = (one: (typeof runs)[number]): void => {
    if (one.inFlight === 0) return;
    one.inFlight -= 1;
    one.done += 1;
    report(one);
  };
  const flying = (): number => runs.reduce((sum, { inFlight }) => sum + inFlight, 0);
  return { runs, start, arrive, flying };
}

test("slots: whoever asks in whatever order, never more are in flight than may be, and all come to their end", () => {
  const sizes = fc.array(fc.nat(12), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      sizes,
      fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 80 }),
      (limit, of, moves) => {
        const { runs, start, arrive, flying } = fleet(limit, of);
        for (const [index, starts] of moves) {
          const one = runs[index % runs.length];
          if (one !== undefined) (starts ? start : arrive)(one);
          assert.ok(flying() <= limit);
        }
        // Work goes on as long as there is some: nobody holds up everybody.
        for (let round = 0; runs.some(({ waiting, inFlight }) => waiting + inFlight > 0); round += 1) {
          assert.ok(round < 200, JSON.stringify(runs));
          for (const one of runs) start(one);
          assert.ok(flying() > 0 && flying() <= limit);
          for (const one of runs) arrive(one);
        }
      },
    ),
  );
});

for (const [limit, count] of [
  [4, 2],
  [1, 2],
  [2, 3],
] as const) {
  test(`slots: of ${count} runs beside ${limit} slots none starves, though each takes again at once what it gave back`, () => {
    const { runs, start, arrive } = fleet(
      limit,
      Array.from({ length: count }, () => 30),
    );
    for (let round = 0; round < 15; round += 1) {
      for (const one of runs) {
        arrive(one);
        start(one);
      }
    }
    assert.ok(
      runs.every(({ done }) => done > 0),
      JSON.stringify(runs),
    );
  });
}
