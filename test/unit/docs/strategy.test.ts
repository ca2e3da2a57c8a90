import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { environment } from "#api/environment.ts";
import { portion } from "#api/rules.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { OVERRIDABLE, STRATEGY_DEFAULTS, strategy, type Strategy } from "#api/strategy.ts";
import type { Member } from "#engine/members.ts";
import { notOverridable, wavesFor } from "#engine/strategy.ts";
import { keeps } from "./manifests.ts";
import { blocks, page, rows, section, words } from "./markdown.ts";

/** docs/strategy.md says what src/api/strategy.ts does. */

const text = page("docs/strategy.md");

interface Block {
  readonly kind?: string;
  readonly metadata?: object;
  readonly spec?: { readonly strategy?: object };
  readonly strategy?: object;
}

/** What the schema makes of a block; the API server gives an object the rest of its metadata. */
function parsed(block: Block): unknown {
  const object = { ...block, metadata: { namespace: "team-a", uid: "1", resourceVersion: "1", ...block.metadata } };
  if (block.kind === "Environment") return environment.parse(object);
  if (block.kind === "ServiceRelease") return serviceRelease.parse(object);
  assert.deepEqual(Object.keys(block), ["strategy"], "a block is an Environment, a ServiceRelease or a strategy");
  return { strategy: strategy.parse(block.strategy) };
}

for (const [index, block] of blocks(text, "yaml").entries()) {
  test(`example ${index + 1} of docs/strategy.md is what the schema takes`, () => {
    const written = parse(block) as Block;
    keeps(written, parsed(written), written.kind ?? "strategy");
  });
}

test("docs/strategy.md names every field", () => {
  const known = words(text);
  const { waves, rollbackWindow, ...fields } = strategy.shape;
  const wave = waves.unwrap().element.shape;
  const clusters = wave.clusters.unwrap().shape;
  const all = [...Object.keys(fields), "waves", "rollbackWindow", ...Object.keys(wave), ...Object.keys(clusters)];
  for (const name of all)
    assert.ok(
      [...known].some((word) => word === name || word.startsWith(`${name}.`)),
      name,
    );
  for (const name of Object.keys(rollbackWindow.unwrap().shape))
    assert.ok(
      [...known].some((word) => word.startsWith(`${name}:`)),
      name,
    );
});

test("docs/strategy.md has every field of the schema in its table, with its default", () => {
  const table = new Map(rows(section(text, "## The fields")).map(([field = "", , given = ""]) => [field.replaceAll("`", ""), given]));
  for (const field of Object.keys(strategy.shape)) assert.ok(table.has(field), field);
  for (const [field, value] of Object.entries(STRATEGY_DEFAULTS))
    if (typeof value !== "object") assert.equal(table.get(field), `\`${value}\``, field);
  const { revisions, age } = STRATEGY_DEFAULTS.rollbackWindow;
  assert.equal(table.get("rollbackWindow"), `\`revisions: ${revisions}\`, \`age: ${age}\``);
  assert.deepEqual(strategy.parse({}).waves, [{ name: "first", clusters: { count: 1 } }, { name: "rest" }]);
  assert.equal(table.get("waves"), "`first`: 1 cluster; `rest`: all that are left");
});

test("docs/strategy.md names what may be overridable", () => {
  const said = words(section(text, "## What a release may change"));
  for (const field of OVERRIDABLE) assert.ok(said.has(field), field);
  assert.equal(OVERRIDABLE.length, 8);
});

for (const [field = "", written = "", of = "", is = ""] of rows(section(text, "## Numbers and parts"))) {
  const [name, value] = [field.replaceAll("`", ""), written.replaceAll("`", "")];
  test(`docs/strategy.md: ${name} of ${value} of ${of} is ${is}`, () => {
    const least = name === "maxConcurrency" || name === "count" ? 1 : 0;
    assert.equal(Math.max(least, portion(value, Number(of))), Number(is));
  });
}

const region = (name: string, size: number): Member[] =>
  Array.from({ length: size }, (_, at) => ({ name: `${name}-${at + 1}`, labels: { region: name } }));
const fleet = [...region("eu", 4), ...region("us", 8), ...region("ap", 8)];

function first(): Strategy {
  const [block = ""] = blocks(text, "yaml");
  return strategy.parse((parse(block) as Block).spec?.strategy);
}

test("docs/strategy.md: its first example is planned as its table says", () => {
  const planned = wavesFor(first(), fleet, new Set(fleet.map(({ name }) => name)));
  assert.ok(typeof planned === "object");
  const expected = planned.waves.map((wave, index) => {
    const size = [...planned.waveOf.values()].filter((at) => at === index).length;
    return [wave.name, size, wave.maxConcurrency, wave.maxFailures, wave.maxUnreachable, `${wave.minSuccessSeconds / 60}m`].map(String);
  });
  assert.deepEqual(rows(text).slice(0, expected.length), expected);
});

test("docs/strategy.md: a release to two clusters of different waves has a gate between them, and the longer soak of what was empty", () => {
  const planned = wavesFor(first(), fleet, new Set(["us-1", "us-8"]));
  assert.ok(typeof planned === "object");
  assert.deepEqual(
    planned.waves.map(({ name, minSuccessSeconds, maxUnreachable }) => [name, minSuccessSeconds, maxUnreachable]),
    [["half", 600, 0]],
  );
  const apart = wavesFor(first(), fleet, new Set(["eu-1", "us-8"]));
  assert.ok(typeof apart === "object");
  assert.deepEqual(
    apart.waves.map(({ name, minSuccessSeconds }) => [name, minSuccessSeconds]),
    [
      ["canary", 600],
      ["half", 120],
    ],
  );
});

const names = (...list: readonly string[]) => ({ clusters: { names: [...list] } });
const label = (value: string) => ({ clusters: { selector: { matchLabels: { region: value } } } });
const eu = region("eu", 4);
/** Every refusal that the page quotes, as the code words it. */
const refusals: readonly (readonly [what: string, says: () => unknown])[] = [
  [
    "in two waves",
    () =>
      wavesFor(
        strategy.parse({
          waves: [
            { name: "canary", ...names("eu-1") },
            { name: "europe", ...names("eu-1") },
          ],
        }),
        eu,
        new Set(),
      ),
  ],
  ["a name of nobody", () => wavesFor(strategy.parse({ waves: [{ name: "canary", ...names("eu-9") }, { name: "rest" }] }), eu, new Set())],
  ["labels of nobody", () => wavesFor(strategy.parse({ waves: [{ name: "europe", ...label("moon") }, { name: "rest" }] }), eu, new Set())],
  [
    "nothing left",
    () =>
      wavesFor(
        strategy.parse({ waves: [{ name: "all", ...label("eu") }, { name: "late", clusters: { count: 1 } }, { name: "rest" }] }),
        eu,
        new Set(),
      ),
  ],
  ["some in no wave", () => wavesFor(strategy.parse({ waves: [{ name: "one", clusters: { count: 1 } }] }), eu, new Set())],
  ["not overridable", () => notOverridable(first(), { maxFailures: 1 })],
];
for (const [what, says] of refusals) {
  test(`docs/strategy.md quotes the refusal of ${what}`, () => {
    const said = says();
    assert.ok(typeof said === "string");
    assert.ok(text.includes(`\`${said}\``), said);
  });
}

for (const [what, written] of [
  ["a concurrency of 0", { maxConcurrency: 0 }],
  ["a part above the whole", { maxFailures: "101%" }],
  ["a deadline in days", { progressDeadline: "1d" }],
  ["a soak in days", { minSuccessTime: "1d" }],
] as const) {
  test(`docs/strategy.md quotes the refusal of ${what}`, () => {
    const { error } = strategy.safeParse(written);
    const messages = JSON.stringify(error?.issues);
    const quoted = rows(section(text, "## Bad input")).map(([, message = ""]) => JSON.stringify(message.replaceAll("`", "")).slice(1, -1));
    assert.ok(
      quoted.some((message) => messages.includes(message)),
      messages,
    );
  });
}

test("docs/strategy.md quotes the refusals that only the API server makes", () => {
  const crd = page("crds/conductor.dev_environments.yaml").replaceAll(/\s+/g, " ");
  for (const message of [
    "clusters of a wave takes exactly one of names, selector and count; leave clusters out for all that are left",
    "only the last wave may leave out clusters: it takes all that are left, and nothing is left for waves after it",
  ]) {
    assert.ok(crd.includes(message), message);
    assert.ok(text.includes(`\`${message}\``), message);
  }
});
