import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assigned } from "#cli/values/assign.ts";
import { expanded } from "#cli/values/buildenv.ts";
import { differences } from "#cli/values/differences.ts";
import { expand } from "#cli/values/glob.ts";
import { lookUp } from "#cli/values/lookup.ts";
import { coalesced, over } from "#cli/values/merge.ts";
import { byName, type Look, type Repository } from "#cli/values/repository.ts";
import { concealed, isSecretKey } from "#cli/values/secrets.ts";
import { leaves, mapOf, pathText, plain, visible, type MapTree } from "#cli/values/tree.ts";
import { resolved, valuesIn } from "#cli/values/yaml.ts";

/** A repository of these files, with the chart in `chart`. */
function repository(...files: readonly string[]): Repository {
  const folders = new Set(files.flatMap((file) => file.split("/").map((_, index, steps) => steps.slice(0, index).join("/"))));
  return {
    what: "a test",
    chart: "chart",
    rooted: true,
    look: (path): Look => {
      if (files.includes(path)) return { kind: "File", text: "" };
      return { kind: folders.has(path) ? "Directory" : "Missing" };
    },
    entries: (folder) => {
      const inside = [...files, ...folders].filter((path) => path !== "" && path.slice(0, Math.max(0, path.lastIndexOf("/"))) === folder);
      return inside.map((path) => ({ name: path.slice(path.lastIndexOf("/") + 1), isDirectory: folders.has(path) })).toSorted(byName);
    },
  };
}

function tree(text: string, from = "file"): MapTree {
  const values = valuesIn(text, from);
  assert.ok(!("fault" in values), "fault" in values ? values.fault : "");
  return values;
}

// What doublestar v4 itself answered for these files.
const TREE = ["a.yaml", "z.yaml", ".hid.yaml", "q!.yaml", "nested/c.yaml", "nested/deep/d.yaml", "a/v.yaml", "a-b/v.yaml"];
const files = [...TREE.map((file) => `envs/${file}`), "x/v.yaml"];
const GLOBS: readonly (readonly [pattern: string, found: string | undefined])[] = [
  ["envs/*.yaml", "envs/.hid.yaml envs/a.yaml envs/q!.yaml envs/z.yaml"],
  [
    "envs/**/*.yaml",
    "envs/.hid.yaml envs/a.yaml envs/q!.yaml envs/z.yaml envs/a/v.yaml envs/a-b/v.yaml envs/nested/c.yaml envs/nested/deep/d.yaml",
  ],
  ["*/v.yaml", "x/v.yaml"],
  ["envs/*/v.yaml", "envs/a/v.yaml envs/a-b/v.yaml"],
  [
    "envs/**",
    "envs envs/.hid.yaml envs/a envs/a/v.yaml envs/a-b envs/a-b/v.yaml envs/a.yaml envs/nested envs/nested/c.yaml envs/nested/deep envs/nested/deep/d.yaml envs/q!.yaml envs/z.yaml",
  ],
  ["**/v.yaml", "envs/a/v.yaml envs/a-b/v.yaml x/v.yaml"],
  ["envs/[a-m]*.yaml", "envs/a.yaml"],
  ["envs/[!a]*.yaml", "envs/.hid.yaml envs/q!.yaml envs/z.yaml"],
  ["envs/[^a]*", "envs/.hid.yaml envs/nested envs/q!.yaml envs/z.yaml"],
  ["envs/?.yaml", "envs/a.yaml envs/z.yaml"],
  ["envs/**/deep/*.yaml", "envs/nested/deep/d.yaml"],
  ["envs/a*", "envs/a envs/a-b envs/a.yaml"],
  ["envs/**/**/c.yaml", "envs/nested/c.yaml envs/nested/c.yaml"],
  ["envs/n**/c.yaml", "envs/nested/c.yaml"],
  ["envs/[a!].yaml", "envs/a.yaml"],
  ["envs/*.yml", ""],
  // What is not read is not guessed.
  ["envs/[].yaml", undefined],
  ["envs/q[!].yaml", undefined],
  ["envs/{a,z}*.yaml", undefined],
  [String.raw`envs/\*.yaml`, undefined],
];

for (const [pattern, found] of GLOBS)
  test(`the glob ${pattern} is expanded as Argo CD does`, () => assert.equal(expand(pattern, repository(...files))?.join(" "), found));

test("values files are looked up from the chart, or from the root, and never outside of it", () => {
  const there = repository("chart/own.yaml", "common/all.yaml", "chart/envs/a.yaml", "chart/envs/b.yaml");
  const look = (entries: readonly string[], ignore = true) => lookUp(entries, there, new Map([["ARGOCD_APP_REVISION", "own"]]), ignore);
  const exists = (...paths: readonly string[]) => ({ state: "Exists", paths });
  assert.deepEqual(look(["own.yaml", "./own.yaml", "../common/all.yaml", "/common/all.yaml", "/chart/../common/./all.yaml"]), [
    exists("chart/own.yaml"),
    exists(),
    exists("common/all.yaml"),
    exists(),
    exists(),
  ]);
  assert.deepEqual(look(["none.yaml"]), [{ state: "Missing" }]);
  assert.deepEqual(look(["none.yaml", "envs/c*.yaml"], false), [
    { state: "Refused", why: "it is not there, and ignoreMissingValueFiles is not true" },
    { state: "Refused", why: "nothing matches it, and ignoreMissingValueFiles is not true" },
  ]);
  assert.deepEqual(look(["../../up.yaml", "/../up.yaml", "/", "envs"]), [
    { state: "Refused", why: "it is outside of the repository" },
    { state: "Refused", why: "it is outside of the repository" },
    { state: "Refused", why: "it is the repository's root" },
    { state: "Refused", why: "chart/envs is a directory" },
  ]);
  // A file that is named itself counts where it is named.
  assert.deepEqual(look(["envs/*.yaml", "own.yaml", "envs/a.yaml"]), [
    exists("chart/envs/b.yaml"),
    exists("chart/own.yaml"),
    exists("chart/envs/a.yaml"),
  ]);
  assert.deepEqual(
    look(["$ARGOCD_APP_REVISION.yaml", "$ARGOCD_APP_NAME.yaml", "$values/x.yaml", "s3://bucket/x.yaml", "HTTPS://x/y.yaml"]),
    [
      exists("chart/own.yaml"),
      { state: "NotSeen", why: "$ARGOCD_APP_NAME is known to Argo CD alone" },
      { state: "NotSeen", why: "$values is another source of the Application" },
      { state: "NotSeen", why: "it is fetched from elsewhere, if helm.valuesFileSchemes of Argo CD allows s3" },
      { state: "NotSeen", why: "it is fetched from elsewhere" },
    ],
  );
});

test("without a repository only the chart's own files can be seen", () => {
  const there = { ...repository("own.yaml"), chart: "", rooted: false };
  assert.deepEqual(lookUp(["own.yaml", "/own.yaml", "../own.yaml"], there, new Map(), true), [
    { state: "Exists", paths: ["own.yaml"] },
    { state: "NotSeen", why: "the chart is in no git repository, so that / means nothing" },
    { state: "NotSeen", why: "the chart is in no git repository, and it is outside of the chart" },
  ]);
});

test("the build environment is put in as Go's os.Expand does", () => {
  const known = new Map([["A", "x"]]);
  const texts = ["$A-${A}", "$$A", "$B!", "$1a", "a$", "$.b", "${ARGOCD_APP_NAME}", "$ARGOCD_NOTHING."];
  assert.deepEqual(
    texts.map((text) => expanded(text, known)),
    [
      { text: "x-x" },
      { text: "$A" },
      { text: "!" },
      { text: "a" },
      { text: "a$" },
      { text: "$.b" },
      { unknown: "ARGOCD_APP_NAME" },
      { text: "." },
    ],
  );
});

test("each value knows the file that it is from", () => {
  const below = over(tree("a: {b: 1, c: [1, 2]}\nx: 1\n", "one"), tree("a: {c: [3]}\nx: null\n", "two"));
  const set = assigned(below, { name: "a.c[1]", value: "4", forceString: false });
  assert.ok(typeof set !== "string");
  const all = coalesced(set, tree("a: {b: 0, d: 1}\nx: 5\ne: {}\n", "chart"), new Set());
  assert.deepEqual(
    leaves(all).map(({ steps, value, from }) => [pathText(steps), value, from]),
    [
      ["a.b", 1, "one"],
      ["a.c[0]", 3, "two"],
      ["a.c[1]", 4, "parameter a.c[1]"],
      ["a.d", 1, "chart"],
      ["e", "{}", "chart"],
    ],
  );
});

const json = fc
  .letrec<{ tree: unknown; map: Record<string, unknown> }>((tie) => ({
    tree: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constant(null), fc.array(fc.integer(), { maxLength: 2 }), tie("map")),
    map: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("tree"), { maxKeys: 3 }),
  }))
  .map.map((value) => tree(JSON.stringify(value)));

test("the last file that has a value wins, and a file over itself changes nothing", () => {
  fc.assert(
    fc.property(json, json, (below, above) => {
      const result = new Map(leaves(over(below, above)).map(({ steps, value }) => [pathText(steps), value]));
      for (const { steps, value, empty } of leaves(above)) if (!empty) assert.equal(result.get(pathText(steps)), value, pathText(steps));
      assert.deepEqual(plain(over(above, above)), plain(above));
      assert.deepEqual(plain(over(mapOf([], ""), above)), plain(above));
    }),
  );
});

test("what is given and not null is what comes out, whatever the chart has", () => {
  fc.assert(
    fc.property(json, json, (given, chart) => {
      const result = new Map(leaves(coalesced(given, chart, new Set())).map(({ steps, value }) => [pathText(steps), value]));
      for (const { steps, value, empty } of leaves(given))
        if (value !== null && !empty) assert.equal(result.get(pathText(steps)), value, pathText(steps));
    }),
  );
});

test("values that look like secrets are masked by their key, by the name beside them and by their form", () => {
  const text = `
db: {password: p, host: h, passwordFile: f}
apiKey: k
tokens: [a, b]
secrets: {deep: {any: x, open: true, none: null}}
env: [{name: LOG_LEVEL, value: info}, {name: DB_PASSWORD, value: v}]
imagePullSecrets: [{name: regcred}]
topologyKey: zone
existingSecret: name
url: postgres://user:pw@host/db
config: "log: x\\npassword: hunter2\\n"
jwt: eyJhbGciOi.eyJzdWIi.sig
monkey: banana
replicas: 3
`;
  assert.deepEqual(plain(concealed(tree(text))), {
    db: { password: "***", host: "h", passwordFile: "f" },
    apiKey: "***",
    tokens: ["***", "***"],
    secrets: { deep: { any: "***", open: true, none: null } },
    env: [
      { name: "LOG_LEVEL", value: "info" },
      { name: "DB_PASSWORD", value: "***" },
    ],
    imagePullSecrets: [{ name: "regcred" }],
    topologyKey: "zone",
    existingSecret: "name",
    url: "postgres://***@host/db",
    config: "log: x\npassword: ***\n",
    jwt: "***",
    monkey: "banana",
    replicas: 3,
  });
});

for (const key of [
  "password",
  "dbPassword",
  "DB_PASSWORD",
  "access-token",
  "clientSecret",
  "apiKey",
  "APIKey",
  "key",
  "tls.key",
  "AWS_SECRET_ACCESS_KEY",
  "pgpass_token2",
])
  test(`${key} is a secret's key`, () => assert.ok(isSecretKey(key)));
for (const key of ["monkey", "keyboard", "tokenizer", "secretName", "topologyKey", "turkey", "compass", "author"])
  test(`${key} is no secret's key`, () => assert.ok(!isSecretKey(key)));

test("differences group members by value, in their order, and keep apart what is not there", () => {
  const member = (name: string, values: Readonly<Record<string, unknown>>) => ({ name, values: new Map(Object.entries(values)) });
  const found = differences([member("x", { a: 1, b: 1 }), member("y", { a: 2, b: 1 }), member("z", { a: 1 })], String);
  assert.deepEqual(found, [
    {
      path: "a",
      groups: [
        { value: 1, members: ["x", "z"] },
        { value: 2, members: ["y"] },
      ],
    },
    {
      path: "b",
      groups: [
        { value: 1, members: ["x", "y"] },
        { value: undefined, members: ["z"] },
      ],
    },
  ]);
});

test("a path can be given to helm again, and moves no cursor", () => {
  assert.equal(pathText(["a.b", "c[0]", 1, "d,e=f"]), String.raw`a\.b.c\[0][1].d\,e\=f`);
  assert.equal(visible("a\u001b[31m\u202eb"), String.raw`a\u001b[31m\u202eb`);
});

test("every path that is printed leads a parameter to its value", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ minLength: 1, unit: "binary-ascii" }).filter((key) => !/\p{Cc}/u.test(key)),
        fc.integer({ min: 1, max: 9 }),
        { minKeys: 1 },
      ),
      (values) => {
        const before = tree(JSON.stringify({ top: values }));
        for (const { steps } of leaves(before)) {
          const after = assigned(before, { name: pathText(steps), value: "0", forceString: false });
          assert.ok(typeof after !== "string", pathText(steps));
          const changed = leaves(after).filter(({ from }) => from !== "file");
          assert.deepEqual(
            changed.map((leaf) => [leaf.steps, leaf.value]),
            [[steps, 0]],
          );
        }
      },
    ),
  );
});

test("words without quotes mean what they mean to helm", () => {
  const words = [
    "yes",
    "off",
    "~",
    "010",
    "0x1f",
    "-5",
    "1_000",
    "1e3",
    ".5",
    "1.10",
    "1.2.3",
    "2026-11-25",
    "12:30",
    "nope",
    "e3",
    "+",
    "0o17",
    "08",
  ];
  const meant = [true, false, null, 8, 31, -5, 1000, 1000, 0.5, 1.1, "1.2.3", "2026-11-25", "12:30", "nope", "e3", "+", 15, 8];
  assert.deepEqual(words.map(resolved), meant);
});
