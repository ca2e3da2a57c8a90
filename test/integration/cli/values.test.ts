import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { acquire } from "#plane/parts.ts";
import { reporter } from "#plane/progress.ts";
import { Wrong } from "#cli/wrong.ts";
import { byHelm, byUs, withChart, type Case } from "./helm.ts";

/** What `conductor values` shows is what the real helm hands to a chart. */

const { helm } = await acquire(["helm"], reporter(process.stderr));

const over = (chart: string, ...files: readonly string[]): Case => ({
  files: { "values.yaml": chart, ...Object.fromEntries(files.map((text, index) => [`${index}.yaml`, text])) },
  valueFiles: files.map((_, index) => `${index}.yaml`),
});
const set = (
  parameters: Readonly<Record<string, string>>,
  chart = "a: {b: 1, c: [x, y]}\nlist: [{name: one, v: 1}, {name: two}]\nn: null\n",
): Case => ({
  files: { "values.yaml": chart },
  parameters,
});

const CASES: readonly (readonly [what: string, of: Case])[] = [
  ["maps go into each other, lists are replaced", over("a: {b: 1, c: {d: 2}}\nl: [1, 2, 3]\n", "a: {c: {e: 3}}\nl: [4]\n")],
  ["the later file wins", over("a: 1\n", "a: 2\nb: 1\n", "a: 3\n")],
  ["a map instead of a scalar, and a scalar instead of a map", over("a: 1\nb: {c: 1}\n", "a: {x: 1}\nb: 2\n")],
  ["null takes out a key of the chart", over("a: 1\nb: {c: 1, d: 2}\ne: {f: 1}\n", "a: null\nb: {c: null}\ne: ~\n")],
  ["null stays where the chart has no such key", over("b: {c: 1}\n", "a: null\nb: {d: null}\n")],
  ["null over a null of the chart", over("a: null\nb: {c: null}\n", "a: null\nb: {c: null}\n")],
  ["a null of the chart alone", over("a: null\nb: {c: null}\n", "x: 1\n")],
  ["null in one file, a value in the next", over("a: {b: 1, c: 2}\n", "a: null\n", "a: {d: 3}\n")],
  ["a value in one file, null in the next", over("a: 1\n", "a: {b: 1}\n", "a: {b: null}\n", "c: {d: {e: null}}\n")],
  ["null deep in a map that the chart does not have", over("a: 1\n", "b: {c: {d: null}}\n")],
  ["empty files and empty maps", over("a: {}\nb: []\n", "", "# nothing\n", "a: {}\nc: {}\n")],
  [
    "null below the name of a subchart is for the subchart",
    {
      files: {
        "values.yaml": "redis: {a: 1, b: {c: 1}}\nother: {a: 1}\n",
        "charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 0.1.0\n",
        "own.yaml": "redis: {a: null, b: {c: null}}\nother: {a: null}\n",
      },
      valueFiles: ["own.yaml"],
    },
  ],
  ["no values of the chart", { files: { "own.yaml": "a: 1\n" }, valueFiles: ["own.yaml"] }],
  ["the chart's values named again", { files: { "values.yaml": "a: {b: 1}\nc: 1\n" }, valueFiles: ["values.yaml"] }],
  [
    "words and numbers of YAML 1.1",
    over(
      "y: yes\nn: no\non: on\nq: 'yes'\noct: 010\nhex: 0x1F\nbin: 0b11\nund: 1_000\nf: 1e3\ndot: .5\nt: 2026-11-25\ntime: 12:30\nv: 1.10\nver: 1.2.3\ne: \nneg: -7\nplus: +7\nbad: 08\no: 0o17\n",
      "x: Y\n",
    ),
  ],
  ["keys that are no texts", over("1: a\ntrue: b\n1.5: c\nyes: d\n", "1: e\n")],
  [
    "anchors and merge keys",
    over(
      "base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\ntwo:\n  b: 3\n  <<: *base\nmany:\n  <<: [{a: 9}, *base]\n",
      "alias: &x [1]\nsame: *x\n",
    ),
  ],
  ["of several documents the first", over("a: 1\n---\na: 2\n", "b: 1\n---\nb: 2\n")],
  ["texts of several lines", over('a: |\n  x\n  y\nb: >-\n  x\n  y\nc: "t\\tab"\n', "d: plain\n  goes on\n")],
  ["a key that comes twice", over("a: 1\na: 2\n", "b: {c: 1, c: 2}\n")],
  ["explicit tags", over("a: !!str 1\nb: !!str yes\nc: !!int 7\n", "x: 1\n")],
  ["parameters go into maps", set({ "a.b": "2", "a.x.y": "z", n: "1" })],
  [
    "parameters have types",
    set({ t: "true", f: "FALSE", z: "0", i: "17", neg: "-3", zeros: "007", float: "1.10", nul: "null", empty: "", text: "a b" }),
  ],
  ["a parameter with a variable is a text", set({ "image.tag": "{{cluster}}", number: "1{{cluster}}" })],
  ["parameters go into lists", set({ "list[0].v": "2", "list[1].extra": "x", "a.c[0]": "z", "fresh[2]": "late", "deep[0][1].x": "1" })],
  ["nothing for a map that a list has no room for", set({ "fresh[0].x": "", "list[0].z": "", "list[5].z": "", "text[1]": "" })],
  ["lists in parameters", set({ l: "{a,b,3}", one: "{x}", none: "{}", "a.c": "{true,null}" })],
  ["commas and dots that are meant so", set({ "a\\.b": "1", "kubernetes\\.io/role": "x,y", c: "x\\,y", "d[0]": "k=v,w" })],
  ["null as a parameter takes out a key", set({ "a.b": "null", list: "null" })],
  ["a parameter over a file", { ...over("a: {b: 1}\n", "a: {b: 2, c: 3}\n"), parameters: { "a.b": "4" } }],
  ["a parameter below a scalar", set({ "a.b.c": "1" })],
  ["a parameter below null", set({ "n.b": "1" }, "x: 1\n")],
  ["an index into no list", set({ "a[0]": "1" }, "x: 1\n")],
  ["an index that is none", set({ "x[one]": "1" })],
  ["an index that is too large", set({ "x[70000]": "1" })],
  ["a list that does not end", set({ x: "{a" })],
  ["a name with a comma", set({ "a,b": "1" })],
  ["text behind an index", set({ "x[0]y": "1" })],
  ["a list where keys must be", over("a: 1\n", "- a\n")],
  ["a text where keys must be", over("a: 1\n", "just words\n")],
  ["what is no YAML", over("a: 1\n", "a: [\n")],
  ["a null as a key", over("a: 1\n", "~: 1\n")],
  ["two merges that are none", over("a: 1\n", "b:\n  <<: 3\n")],
  ["an alias of nothing", over("a: 1\n", "b: *nowhere\n")],
  ["a tab that indents", over("a: 1\n", "b:\n\tc: 1\n")],
];

function ours(folder: string, of: Case): ReturnType<typeof byUs> {
  try {
    return byUs(folder, of);
  } catch (error) {
    if (error instanceof Wrong) return { refused: error.message };
    throw error;
  }
}

for (const [what, of] of CASES)
  test(`as helm has it: ${what}`, () => {
    withChart(of, (folder) => {
      const [theirs, own] = [byHelm(helm, folder, of), ours(folder, of)];
      if ("refused" in theirs) assert.ok("refused" in own, `helm refuses it, and we show ${JSON.stringify(own)}: ${theirs.refused}`);
      else assert.deepEqual(own, theirs);
    });
  });

test("as helm has it: what nobody has thought of", () => {
  const key = fc.constantFrom("a", "b", "c");
  const { tree } = fc.letrec<{ tree: unknown; leaf: unknown; map: unknown }>((tie) => ({
    leaf: fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 3 }), fc.constantFrom("x", "yes", ""), fc.boolean(), fc.constant([1])),
    map: fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
    tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie("leaf"), tie("map"), tie("map")),
  }));
  const map = fc.dictionary(key, tree, { maxKeys: 3 }).map((value) => stringify(value, { version: "1.1" }));
  const names = fc
    .array(fc.oneof(key, fc.constantFrom("[0]", "[1]")), { minLength: 1, maxLength: 3 })
    .map((steps) => ["a", ...steps].reduce((name, step) => (step.startsWith("[") ? name + step : `${name}.${step}`)));
  const parameter = fc.tuple(names, fc.constantFrom("1", "null", "", "{x,y}", "t,u", "{{cluster}}"));
  fc.assert(
    fc.property(map, fc.array(map, { maxLength: 3 }), fc.option(parameter), (chart, files, one) => {
      const of: Case = { ...over(chart, ...files), ...(one === null ? {} : { parameters: Object.fromEntries([one]) }) };
      const asked = of.valueFiles?.length === 0 ? { ...of, valueFiles: ["values.yaml"] } : of;
      withChart(asked, (folder) => {
        const [theirs, own] = [byHelm(helm, folder, asked), ours(folder, asked)];
        assert.deepEqual("refused" in own ? "refused" : own, "refused" in theirs ? "refused" : theirs);
      });
    }),
    { numRuns: 60, seed: 7 },
  );
});
