import assert from "node:assert/strict";
import { test } from "node:test";
import { allows, consentFor, consents } from "#engine/consent.ts";
import { wish } from "#engine/identity.ts";
import { members } from "#engine/members.ts";
import { fill } from "#engine/template.ts";

const who = { namespace: "team-a", service: "checkout", environment: "production" };
for (const [annotation, application, project] of [
  [undefined, false, false],
  ["", false, false],
  ["team-a/checkout.production", true, true],
  ["team-b/x.y, team-a/checkout.production ,z", true, true],
  ["team-a/*.production", false, true],
  ["team-a/checkout.*", false, false],
  ["team-a/*.staging", false, false],
  ["team-b/checkout.production", false, false],
  ["team-a/checkout.production.eu", false, false],
  ["*", false, false],
  ["*/*.production", false, false],
] as const) {
  test(`"${annotation}" consents on an Application: ${application}, on an AppProject: ${project}`, () => {
    assert.deepEqual([consents(annotation, who, "Application"), consents(annotation, who, "AppProject")], [application, project]);
  });
}

test("the consent that is asked for is the one that is given", () => assert.ok(consents(consentFor(who), who, "Application")));

test("a registration allows the namespaces that it names, or all", () => {
  assert.deepEqual([allows("*", "a"), allows(["a", "b"], "a"), allows(["a"], "b"), allows([], "a")], [true, true, false, false]);
});

const variables = { service: "checkout", environment: "production", cluster: "eu", namespace: "team-a", revision: "v1" };
test("variables are put in wherever they stand; other braces and unknown names are left", () => {
  const filled = ["{{service}}-{{ cluster }}", "{{revision}}{{revision}}", "{a,b}", "{{unknown}}", "{{constructor}}", "{{service}", ""].map(
    (text) => fill(text, variables),
  );
  assert.deepEqual(filled, ["checkout-eu", "v1v1", "{a,b}", "{{unknown}}", "{{constructor}}", "{{service}", ""]);
});

const registered = [
  { name: "ap", labels: { region: "ap", tier: "1" } },
  { name: "eu", labels: { region: "eu", tier: "1" } },
  { name: "us", labels: { region: "us" } },
];
for (const [what, entries, clusters, unknown] of [
  ["names are in the order of the environment", [{ name: "us" }, { name: "eu" }], ["us", "eu"], []],
  ["a selector takes all that match, by name", [{ selector: { matchLabels: { tier: "1" } } }], ["ap", "eu"], []],
  ["all labels must match", [{ selector: { matchLabels: { tier: "1", region: "eu" } } }], ["eu"], []],
  ["an empty selector takes all", [{ selector: { matchLabels: {} } }], ["ap", "eu", "us"], []],
  [
    "who is named twice is there once, where it stood first",
    [{ name: "us" }, { selector: { matchLabels: {} } }, { name: "ap" }],
    ["us", "ap", "eu"],
    [],
  ],
  ["who is named and not registered is unknown, once", [{ name: "zz" }, { name: "eu" }, { name: "zz" }], ["eu"], ["zz"]],
  ["a selector that matches nobody takes nobody", [{ selector: { matchLabels: { region: "mars" } } }], [], []],
] as const) {
  test(`members: ${what}`, () => assert.deepEqual(members([...entries], registered), { clusters, unknown }));
}

test("a wish is its revision and clusters, in any order; all clusters are not the same as each named", () => {
  const same = [wish({ revision: "a", clusters: ["x", "y"] }), wish({ revision: "a", clusters: ["y", "x"] })];
  const others = [
    wish({ revision: "b", clusters: ["x", "y"] }),
    wish({ revision: "a" }),
    wish({ revision: "a", clusters: ["x"] }),
    wish({ revision: "a", clusters: ["x,y"] }),
  ];
  assert.equal(same[0], same[1]);
  assert.equal(new Set([...same, ...others]).size, 5);
});
