import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { chance } from "#simulation/random.ts";
import { cells, CLEAN, forbidden, RATES, samples, score, tabulate, wave, type Outcome } from "#test/bench/gates/cells.ts";
import { alarmAtMost, exceeds, judge, leastRequests, meets, moreThan, recallAtLeast, type Design } from "#test/bench/gates/statistics.ts";
import { defaults } from "#test/bench/gates/templates.ts";
import { binomial } from "#test/bench/gates/traffic.ts";

const design: Design = { threshold: 0.05, window: 5, interval: 1, looks: 11, errorsAtThreshold: 20 };
const goal = { precision: 0.92, recall: 0.99 };
const contrast = { clean: 0.5, bad: 1.25, clusters: 3 };
const { designs } = await defaults();

suite("the chance of too many bad requests", () => {
  test("is what counting every outcome gives", () => {
    const counted = (most: number, count: number, share: number): number => {
      let sum = 0;
      for (let outcome = 0; outcome < 2 ** count; outcome += 1) {
        const bad = outcome.toString(2).replaceAll("0", "").length;
        if (bad > most) sum += share ** bad * (1 - share) ** (count - bad);
      }
      return sum;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 10 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, most, share) => {
          assert.ok(Math.abs(moreThan(most, count, share) - counted(most, count, share)) < 1e-9);
        },
      ),
    );
  });

  test("is a number for a million requests, too", () => {
    assert.ok(Math.abs(moreThan(50_000, 1_000_000, 0.05) - 0.5) < 0.01);
  });

  test("counts what is exactly at the threshold as within it", () => {
    assert.equal(exceeds(design, 400, 0), 0);
    assert.equal(exceeds(design, 400, 0.05), moreThan(20, 400, 0.05));
  });
});

suite("the test of the templates", () => {
  const looks = (...bad: readonly number[]) =>
    bad.map((one) => [
      { count: 500, bad: 10 },
      { count: 500, bad: one },
    ]);

  test("fails with the first look that sees one cluster above the threshold", () => {
    assert.deepEqual(judge(design, looks(25, 26, 10)), { verdict: "Failed", look: 2 });
  });

  test("passes when no look does", () => {
    assert.deepEqual(judge(design, looks(25, 25, 25)), { verdict: "Successful", look: 3 });
  });

  test("is inconclusive with the first look that sees too little of one cluster, unless another one is bad", () => {
    const few = { count: 399, bad: 399 };
    const bad = { count: 400, bad: 21 };
    assert.deepEqual(judge(design, [[{ count: 400, bad: 20 }, few]]), { verdict: "Inconclusive", look: 1 });
    assert.deepEqual(judge(design, [[few, bad]]), { verdict: "Failed", look: 1 });
  });
});

suite("the default sample", () => {
  for (const [kind, of] of Object.entries(designs))
    test(`of ${kind} meets the goal with as few requests as it asks for, and with more`, () => {
      const least = leastRequests(of);
      for (const count of [least, 2 * least, 10 * least]) assert.ok(meets(of, goal, count, contrast), `${count}`);
    });

  test("of 20 bad requests at the threshold is a little more than the least that meets the goal at any threshold up to 10 %", () => {
    const enough = (errorsAtThreshold: number): boolean =>
      [0.1, 0.05, 0.01, 0.001].every((threshold) => {
        const of = { ...design, threshold, errorsAtThreshold };
        return meets(of, goal, leastRequests(of), contrast);
      });
    const least = Array.from({ length: 40 }, (_, index) => index + 1).find(enough);
    assert.equal(least, 18);
    assert.ok(enough(designs["error-rate"].errorsAtThreshold));
  });

  test("grows as the threshold falls: 400 requests at 5 %, 2,000 at 1 %", () => {
    assert.deepEqual(
      [0.05, 0.01].map((threshold) => leastRequests({ ...design, threshold })),
      [400, 2000],
    );
  });
});

test("what statistics promise holds for waves that are made up", () => {
  const make = (share: number): number => {
    const found = Array.from({ length: 600 }, (_, index) => {
      const factor = share / design.threshold;
      const cell = { perMinute: 80, factor, kind: "latency", provider: "datadog", design, given: {} } as const;
      const { traffic } = wave("promise", index, cell);
      const seen = Array.from({ length: design.looks }, (__, look) => samples(traffic, design, look));
      return judge(design, seen).verdict === "Failed";
    });
    return found.filter(Boolean).length / found.length;
  };
  assert.ok(make(1.25 * design.threshold) >= recallAtLeast(design, 400, 1.25 * design.threshold) - 0.01);
  const alarms = make(CLEAN * design.threshold);
  assert.ok(alarms > 0 && alarms <= alarmAtMost(design, 400, CLEAN * design.threshold, 3), `${alarms}`);
});

suite("made up traffic", () => {
  test("has as many bad requests as its share says, and as much noise as chance makes", () => {
    const random = chance("noise");
    const drawn = Array.from({ length: 4000 }, () => binomial(random, 1000, 0.05));
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const variance = drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length;
    assert.ok(Math.abs(mean - 50) < 0.5, `${mean}`);
    assert.ok(Math.abs(variance - 47.5) < 4, `${variance}`);
  });

  test("has none or only bad ones where the share is 0 or 1", () => {
    assert.deepEqual(
      [0, 1].map((share) => binomial(chance("edges"), 7, share)),
      [0, 7],
    );
  });

  test("is the same for the same seed, and another for another", () => {
    const verdicts = (seed: string) => cells(designs).map((cell, index) => samples(wave(seed, index, cell).traffic, cell.design, 3));
    assert.deepEqual(verdicts("1"), verdicts("1"));
    assert.notDeepEqual(verdicts("1"), verdicts("2"));
  });
});

suite("the score", () => {
  const all = cells(designs);
  const outcomes = (phaseOf: (factor: number) => string): Outcome[] =>
    all.map((cell, index) => ({ wave: wave("score", index, cell), phase: phaseOf(cell.factor), minutes: 6 }));

  test("counts what was stopped wrongly against precision", () => {
    assert.deepEqual(score(outcomes(() => "Failed")), { precision: 24 / 36, recall: 1, seconds: 360 });
  });

  test("counts a regression that was not stopped against recall, also where nothing was decided; what is close to the threshold counts nowhere", () => {
    assert.deepEqual(score(outcomes((factor) => (factor >= 1.5 || factor === 1 ? "Failed" : "Inconclusive"))), {
      precision: 1,
      recall: 0.5,
      seconds: 360,
    });
  });

  test("has a line for each rate, factor and provider, and says where a verdict is forbidden", () => {
    const none = forbidden(designs);
    const lines = tabulate(
      [...all, ...none],
      outcomes(() => "Failed"),
    ).split("\n");
    assert.equal(lines.length, 1 + RATES.length * 5 * 2 + none.length);
    assert.match(lines.find((line) => line.startsWith("100 a minute, threshold 5 %, clean, datadog")) ?? "", / 2 +2 +0 +360 s$/);
    assert.match(lines.at(-1) ?? "", /^100 a minute, threshold 1 %, 1\.50 times, prometheus .*forbidden$/);
  });
});
