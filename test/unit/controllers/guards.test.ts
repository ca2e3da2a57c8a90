import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { Guards } from "#controllers/guards.ts";
import { KubeFailure } from "#kube/errors.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const ROOT = "/apis/admissionregistration.k8s.io/v1";
const NAMES = ["release-conductor-approvals", "release-conductor-authors", "release-conductor-reports"];
const { signal } = new AbortController();

let clock: HandClock;
let home: FakeInstance;
let objects: Map<string, unknown>;
let guards: Guards;

const policyAt = (name: string): string => `${ROOT}/validatingadmissionpolicies/${name}`;
const bindingAt = (name: string): string => `${ROOT}/validatingadmissionpolicybindings/${name}`;

beforeEach(() => {
  clock = new HandClock();
  home = new FakeInstance("home", clock);
  home.answers["GET"] = ({ path }) => objects.get(path) ?? new KubeFailure("NotFound", "not found");
  objects = new Map();
  for (const name of NAMES) {
    objects.set(policyAt(name), { metadata: { name, annotations: { "conductor.dev/policy": "1" } }, spec: { failurePolicy: "Fail" } });
    objects.set(bindingAt(name), { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } });
  }
  guards = new Guards(home.client, clock);
});

test("with all policies in force nothing is missing, and each is read with its binding", async () => {
  assert.equal(await guards.approvals(signal), undefined);
  assert.deepEqual(
    home.asked.map(({ method, path }) => `${method} ${path}`),
    NAMES.flatMap((name) => [`GET ${policyAt(name)}`, `GET ${bindingAt(name)}`]),
  );
});

const install = "install the chart release-conductor of this version with approvals.enabled=true";
const policy = (annotations: object | undefined, spec: object): object => ({
  metadata: { annotations },
  spec: { failurePolicy: "Fail", ...spec },
});
const V1 = { "conductor.dev/policy": "1" };
const binding = (name: string, spec: object): object => ({ spec: { policyName: name, validationActions: ["Deny"], ...spec } });

for (const name of NAMES) {
  const of = (kind: string): string => `${kind}/${name}`;
  const trust = `so that nobody could trust an approval: ${install}`;
  const faults: readonly (readonly [what: string, path: string, found: unknown, sentence: string])[] = [
    [
      "is missing",
      policyAt(name),
      new KubeFailure("NotFound", ""),
      `${of("validatingadmissionpolicies")} does not exist, so that anybody could approve: ${install}`,
    ],
    [
      "is not bound",
      bindingAt(name),
      new KubeFailure("NotFound", ""),
      `${of("validatingadmissionpolicybindings")} does not exist, so that anybody could approve: ${install}`,
    ],
    [
      "may not be read",
      policyAt(name),
      new KubeFailure("Forbidden", ""),
      `the conductor may not read ${of("validatingadmissionpolicies")}, so that it cannot trust an approval: apply examples/rbac-management.yaml`,
    ],
    [
      "is of another version",
      policyAt(name),
      policy({ "conductor.dev/policy": "0" }, {}),
      `${of("validatingadmissionpolicies")} is of another version (0, not 1), ${trust}`,
    ],
    [
      "is of no version",
      policyAt(name),
      policy(undefined, {}),
      `${of("validatingadmissionpolicies")} is of another version (none, not 1), ${trust}`,
    ],
    [
      "lets through what it cannot check",
      policyAt(name),
      policy(V1, { failurePolicy: "Ignore" }),
      `${of("validatingadmissionpolicies")} lets through what it cannot check (failurePolicy Ignore), ${trust}`,
    ],
    [
      "is not always asked",
      policyAt(name),
      policy(V1, { matchConditions: [{ name: "a" }] }),
      `${of("validatingadmissionpolicies")} is not asked every time (matchConditions), ${trust}`,
    ],
    ["is nothing that can be read", policyAt(name), { spec: 7 }, `${of("validatingadmissionpolicies")} cannot be read, ${trust}`],
    [
      "only warns",
      bindingAt(name),
      binding(name, { validationActions: ["Warn", "Audit"] }),
      `${of("validatingadmissionpolicybindings")} does not refuse anything (validationActions Warn, Audit), ${trust}`,
    ],
    [
      "is bound by the binding of another",
      bindingAt(name),
      binding("other", {}),
      `${of("validatingadmissionpolicybindings")} is for another policy (other), ${trust}`,
    ],
    [
      "holds in some namespaces",
      bindingAt(name),
      binding(name, { matchResources: {} }),
      `${of("validatingadmissionpolicybindings")} does not hold everywhere (matchResources), ${trust}`,
    ],
    ["has a binding that cannot be read", bindingAt(name), {}, `${of("validatingadmissionpolicybindings")} cannot be read, ${trust}`],
  ];
  for (const [what, path, found, sentence] of faults)
    test(`approvals are unguarded where ${name} ${what}`, async () => {
      objects.set(path, found);
      assert.equal(await guards.approvals(signal), sentence);
    });
}

test("what is in force is looked at again after a minute, and what is not after ten seconds", async () => {
  const after = async (seconds: number): Promise<string> => {
    clock.time += seconds * 1000;
    return (await guards.approvals(signal)) === undefined ? "guarded" : "unguarded";
  };
  assert.equal(await after(0), "guarded");
  objects.delete(policyAt("release-conductor-authors"));
  assert.deepEqual([await after(59), await after(1)], ["guarded", "unguarded"]);
  objects.set(policyAt("release-conductor-authors"), policy(V1, {}));
  assert.deepEqual([await after(9), await after(1), await after(59)], ["unguarded", "guarded", "guarded"]);
});

test("a clock that went back makes nothing good for longer", async () => {
  await guards.approvals(signal);
  objects.delete(policyAt("release-conductor-approvals"));
  clock.time -= 3_600_000;
  assert.match((await guards.approvals(signal)) ?? "", /does not exist/);
});

test("while the API server does not say, nothing is known, and it is asked again", async () => {
  const before = home.answers["GET"];
  home.answers["GET"] = () => new KubeFailure("Unauthorized", "no");
  await assert.rejects(guards.approvals(signal), { kind: "Unauthorized" });
  Object.assign(home.answers, { GET: before });
  assert.equal(await guards.approvals(signal), undefined);
});

test("the chart ships every policy that is asked for, in that version", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../helm/release-conductor/templates/admission.yaml"), "utf8");
  assert.match(text, /^ {4}conductor\.dev\/policy: "1"$/m);
  const parts = text.split(/^---$/m);
  for (const name of NAMES) {
    const own = parts.filter((part) => part.includes(`\n  name: ${name}\n`) && part.includes("kind: ValidatingAdmissionPolic"));
    assert.deepEqual(
      own.map((part) => [/kind: ValidatingAdmissionPolicy\n/.test(part), part.includes('include "release-conductor.policy"')]),
      [
        [true, true],
        [false, false],
      ],
    );
  }
});
