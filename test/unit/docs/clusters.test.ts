import assert from "node:assert/strict";
import { test } from "node:test";
import { RIGHT_NAMES } from "#api/environment.ts";
import { RIGHTS } from "#argo/rights.ts";
import { SUBJECTS } from "#cli/doctor/check.ts";
import { manifests } from "#test/scene/manifests.ts";
import { page, rows, section, words } from "./markdown.ts";

const text = page("docs/clusters.md");
const roles = manifests("examples/rbac-target.yaml").filter(({ kind }) => kind === "Role" || kind === "ClusterRole");

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

test("every right is in the page as the code has it, in the order of the API", () => {
  assert.deepEqual(
    rows(section(text, "## Rights in a cluster")),
    RIGHTS.map(({ name, role, without }) => [`\`${name}\``, `\`${role}\``, without]),
  );
  assert.deepEqual(
    RIGHTS.map(({ name }) => name),
    RIGHT_NAMES,
  );
});

for (const { name, role, resource, verbs, where } of RIGHTS)
  test(`the right ${name} is given by ${role} of the example`, () => {
    const found = roles.find(({ metadata }) => metadata.name === role);
    assert.equal(found?.kind, where === "Everywhere" ? "ClusterRole" : "Role");
    const wanted = resource.subresource === undefined ? resource.resource : `${resource.resource}/${resource.subresource}`;
    const rules = (found?.["rules"] as readonly Rule[]).filter(
      (rule) =>
        rule.apiGroups.includes(resource.group) &&
        rule.resources.includes(wanted) &&
        (resource.name === undefined || rule.resourceNames?.includes(resource.name) === true),
    );
    assert.deepEqual(
      rules.map((rule) => rule.verbs),
      [verbs],
    );
  });

test("every Role of the example gives a right that is asked about", () => {
  assert.deepEqual([...new Set(RIGHTS.map(({ role }) => role))].toSorted(), roles.map(({ metadata }) => metadata.name).toSorted());
});

test("all that the doctor looks at is in the page", () => {
  const found = words(section(text, "## The doctor"));
  assert.deepEqual(
    SUBJECTS.filter((subject) => !found.has(subject)),
    [],
  );
});
