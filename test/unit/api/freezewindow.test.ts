import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { freezeWindowCrd } from "#api/freezewindow.ts";
import { timesOf } from "#controllers/freezes/times.ts";
import { structural } from "#tools/generate/structural.ts";
import { refusedAt } from "./validator.ts";

const { spec } = freezeWindowCrd.schema;

/** Good and bad values of one field, good ones often enough that whole specs are accepted, too. */
const some = (good: readonly unknown[], bad: readonly unknown[]) =>
  fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
const names = fc.array(some(["a", "eu-west-1"], ["", "A", "a.b", 1]), { minLength: 0, maxLength: 2 });
const times = some(["2026-12-23T18:00:00+01:00", "2026-12-23T18:00:00Z"], ["2026-12-23", "2026-12-23T18:00:00", "2026-12-23T18:00Z", 1]);

const drawn = fc.record(
  {
    reason: some(["Nobody is at work"], ["", " ", "x".repeat(257)]),
    from: times,
    to: times,
    schedule: some(["0 18 * * fri", "*/15 8-17 1,15 JAN ?"], ["@daily", "0 18 * *", "60 * * * *", "0 18 * * 7", ""]),
    duration: some(["62h", "1h30m"], ["2d", "0s", "", 5]),
    timeZone: some(["UTC", "Europe/Berlin"], ["", "+02:00", "Local", "Europe/"]),
    environments: names,
    services: names,
    clusters: fc.record(
      { names, selector: some([{ matchLabels: {} }, { matchLabels: { "a/b": "c" } }], [{}, { matchLabels: { a: 1 } }]) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["reason"] },
);

test("zod and the CRD agree about every spec of a FreezeWindow", () => {
  const crd = structural(spec, "spec");
  const seen = { accepted: 0, refused: 0 };
  const property = fc.property(drawn, (value) => {
    const { success, error } = spec.safeParse(value);
    const refused = refusedAt(crd, value);
    // A set's duplicates are the API server's business alone.
    const agreed = success && refused?.endsWith("duplicate") !== true;
    assert.equal(agreed, refused === undefined, `zod: ${error?.message ?? "ok"}; CRD: ${refused ?? "ok"}`);
    seen[refused === undefined ? "accepted" : "refused"] += 1;
  });
  fc.assert(property, { numRuns: 1000 });
  assert.ok(seen.accepted > 50 && seen.refused > 50, JSON.stringify(seen));
});

test("examples/freezewindow.yaml has one of each kind, and both can be read", () => {
  const file = readFileSync(join(import.meta.dirname, "../../../examples/freezewindow.yaml"), "utf8");
  const specs = parseAllDocuments(file).map((document) => z.object({ spec }).parse(document.toJS()).spec);
  assert.deepEqual(
    specs.map(({ from, schedule }) => [from !== undefined, schedule !== undefined]),
    [
      [true, false],
      [false, true],
    ],
  );
  for (const one of specs) assert.equal("fault" in timesOf(one), false);
});
