import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { installPolicies, rendered } from "#test/scene/policies.ts";
import { CONDUCTOR, management, object, person, said, serviceAccount, stored, type Person } from "#test/scene/people.ts";

const AUTHOR = "conductor.dev/author";
const alice = person("alice", "releasers");
const bob = person("bob@example.com", "releasers");
const argocd: Person = { ...serviceAccount("argocd", "argocd-application-controller"), groups: ["releasers"] };

let plane: Plane;
let cluster: Cluster;
let number = 0;

/** The name of a release that is not there yet. */
const another = (): string => `checkout-${(number += 1)}.production`;

function release(name: string, spec: object = {}, author?: string): object {
  const annotations = author === undefined ? undefined : { [AUTHOR]: author };
  return object("ServiceRelease", name, { service: name.split(".")[0], environment: "production", revision: "v1", ...spec }, annotations);
}

const apply = (who: Person, manifest: object): Promise<string> => said(cluster, who, ["apply", "-f", "-"], manifest);
const applyServerSide = (who: Person, manifest: object): Promise<string> =>
  said(cluster, who, ["apply", "--server-side", "--force-conflicts", "--field-manager", `by-${who.name.slice(0, 5)}`, "-f", "-"], manifest);
const patch = (who: Person, name: string, change: object): Promise<string> =>
  said(cluster, who, ["patch", "servicerelease", name, "--type=merge", "-p", JSON.stringify(change)]);
const annotate = (who: Person, name: string, value: string): Promise<string> =>
  said(cluster, who, ["annotate", "--overwrite", "servicerelease", name, value]);

async function author(name: string): Promise<string | undefined> {
  return (await stored(cluster, "servicereleases", name)).metadata.annotations?.[AUTHOR];
}

function refused(answer: string, mustBe: string): void {
  const sentence = `the annotation ${AUTHOR} says who has released, and so cannot approve: here it must be ${mustBe}`;
  assert.ok(answer.includes(sentence), `expected: ${sentence}\nbut kubectl said: ${answer}`);
}

async function started(name: string): Promise<void> {
  cluster = await management(plane, name);
  const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "releaser", namespace: "team-a" } };
  const resources = ["servicereleases", "servicereleases/status", "releasepreviews", "releasepreviews/status"];
  await cluster.apply([
    { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources, verbs: ["*"] }] },
    { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "releaser" }, subjects: [subject] },
  ]);
  assert.match(await apply(alice, release("early.production")), / created/);
}

before(async () => void (plane = await Plane.start()));
after(async () => plane.stop());

suite("from 1.36 on the API server writes who has released", () => {
  before(async () => {
    await started("management");
    await installPolicies(cluster);
  });

  test("whoever applies a new release is its author, and so is whoever changes what is wished", async () => {
    const name = another();
    assert.match(await apply(alice, release(name)), / created/);
    assert.equal(await author(name), "alice");
    for (const [who, spec] of [
      [bob, { revision: "v2" }],
      [alice, { revision: "v2", clusters: ["eu"] }],
      [bob, { revision: "v2", clusters: ["eu"], strategy: { maxConcurrency: 1 } }],
      [argocd, { revision: "v1" }],
    ] as const) {
      assert.match(await apply(who, release(name, spec)), / configured/);
      assert.equal(await author(name), who.name);
    }
    assert.match(await patch(bob, name, { spec: { revision: "v3" } }), / patched/);
    assert.equal(await author(name), bob.name);
    assert.match(await applyServerSide(alice, release(name, { revision: "v4" })), / serverside-applied/);
    assert.equal(await author(name), "alice");
  });

  test("who pauses it, asks something of it or applies the same again is not", async () => {
    const name = another();
    await apply(alice, release(name));
    assert.match(await patch(bob, name, { spec: { paused: true } }), / patched/);
    assert.match(await annotate(bob, name, "conductor.dev/abort=checkout.production-1"), / annotated/);
    assert.match(await apply(argocd, release(name, { paused: false })), / configured/);
    assert.match(await applyServerSide(argocd, release(name, { paused: false })), / serverside-applied/);
    assert.equal(await author(name), "alice");
  });

  test("an annotation that is not in git is no difference, and nothing that is applied again takes it away or changes anything", async () => {
    const name = another();
    for (const how of [apply, applyServerSide]) {
      await how(alice, release(name, { revision: how.name }));
      await how(argocd, release(name, { revision: how.name }));
      const { resourceVersion } = (await stored(cluster, "servicereleases", name)).metadata;
      const flags = how === apply ? [] : ["--server-side", "--field-manager", "by-syste"];
      assert.equal(await said(cluster, argocd, ["diff", ...flags, "-f", "-"], release(name, { revision: how.name })), "");
      for (let times = 0; times < 3; times += 1) await how(argocd, release(name, { revision: how.name }));
      assert.deepEqual(
        [(await stored(cluster, "servicereleases", name)).metadata.resourceVersion, await author(name)],
        [resourceVersion, "alice"],
      );
    }
  });

  test("whoever writes it must write the truth", async () => {
    const name = another();
    refused(await apply(alice, release(name, {}, bob.name)), "alice");
    assert.match(await apply(alice, release(name, {}, "alice")), / created/);
    refused(await annotate(bob, name, `${AUTHOR}=${bob.name}`), "alice");
    refused(await annotate(alice, name, `${AUTHOR}=${bob.name}`), "alice");
    refused(await patch(bob, name, { metadata: { annotations: { [AUTHOR]: "carol" } }, spec: { revision: "v2" } }), bob.name);
    refused(await applyServerSide(bob, release(name, { revision: "v2" }, "carol")), bob.name);
    // What stands there is no claim of who changes the rest.
    assert.match(await patch(bob, name, { metadata: { annotations: { [AUTHOR]: "alice" } }, spec: { revision: "v2" } }), / patched/);
    assert.equal(await author(name), bob.name);
  });

  test("nobody takes it away", async () => {
    const name = another();
    await apply(alice, release(name));
    await annotate(bob, name, `${AUTHOR}-`);
    assert.equal(await author(name), "alice");
    await patch(bob, name, { metadata: { annotations: null } });
    assert.equal(await author(name), "alice");
    assert.match(await said(cluster, bob, ["replace", "-f", "-"], release(name)), / replaced/);
    assert.equal(await author(name), "alice");
    await applyServerSide(alice, release(name, {}, "alice"));
    await applyServerSide(alice, release(name));
    assert.equal(await author(name), "alice");
    await said(cluster, bob, ["replace", "--force", "-f", "-"], release(name));
    assert.equal(await author(name), bob.name);
  });

  test("a release from before stays without an author until something else is wished of it", async () => {
    assert.match(await patch(bob, "early.production", { spec: { paused: true } }), / patched/);
    assert.equal(await author("early.production"), undefined);
    const sentence = `the annotation ${AUTHOR} is written with spec.revision, spec.clusters or spec.strategy: leave it out`;
    assert.ok((await annotate(bob, "early.production", `${AUTHOR}=alice`)).includes(sentence));
    assert.ok((await annotate(bob, "early.production", `${AUTHOR}=${bob.name}`)).includes(sentence));
    assert.match(await patch(bob, "early.production", { spec: { revision: "v2" } }), / patched/);
    assert.equal(await author("early.production"), bob.name);
  });

  test("its status is no way to it", async () => {
    const name = another();
    await apply(alice, release(name));
    const change = JSON.stringify({ metadata: { annotations: { [AUTHOR]: bob.name } }, status: { run: "checkout.production-9" } });
    const answer = await said(cluster, bob, ["patch", "servicerelease", name, "--type=merge", "--subresource=status", "-p", change]);
    assert.ok(answer.includes("only the conductor makes ReleaseRuns, and says how releases stand"));
    const now = await stored(cluster, "servicereleases", name);
    const whole = { ...now, metadata: { ...now.metadata, annotations: { [AUTHOR]: bob.name } }, status: { phase: "Pending" } };
    assert.match(await said(cluster, CONDUCTOR, ["replace", "--subresource=status", "-f", "-"], whole), / replaced/);
    assert.deepEqual([await author(name), (await stored(cluster, "servicereleases", name)).status], ["alice", { phase: "Pending" }]);
  });

  test("nor does who asks what a release would do answer themselves", async () => {
    const name = `plan-${another()}`;
    const spec = { release: { service: "checkout", environment: "production", revision: "a".repeat(40) } };
    assert.match(await apply(bob, object("ReleasePreview", name, spec)), / created/);
    const change = JSON.stringify({ status: { phase: "Planned" } });
    const answer = await said(cluster, bob, ["patch", "releasepreview", name, "--type=merge", "--subresource=status", "-p", change]);
    assert.ok(answer.includes("says how releases stand"), answer);
  });

  test("of the largest release too", async () => {
    const name = another();
    const clusters = Array.from({ length: 2000 }, (_, index) => `c${index}`.padEnd(63, "x"));
    assert.match(await applyServerSide(alice, release(name, { clusters })), / serverside-applied/);
    assert.match(
      await said(cluster, bob, ["replace", "-f", "-"], release(name, { clusters: [...clusters.slice(1), "last"] })),
      / replaced/,
    );
    assert.equal(await author(name), bob.name);
  });
});

suite("before 1.36 whoever releases writes it", () => {
  before(async () => {
    await started("older");
    await installPolicies(cluster, { kubeVersion: "1.35.0" });
  });

  test("there is no policy that writes it, and from 1.36 on there is", async () => {
    const writes = /kind: MutatingAdmissionPolicy/;
    assert.doesNotMatch(await rendered({ kubeVersion: "1.35.9" }), writes);
    assert.match(await rendered({ kubeVersion: "1.36.0-gke.1" }), writes);
  });

  test("people name themselves, with everything that they wish", async () => {
    const name = another();
    refused(await apply(alice, release(name)), "alice");
    refused(await apply(alice, release(name, {}, bob.name)), "alice");
    assert.match(await apply(alice, release(name, {}, "alice")), / created/);
    refused(await patch(bob, name, { spec: { revision: "v2" } }), bob.name);
    refused(await patch(bob, name, { spec: { revision: "v2" }, metadata: { annotations: { [AUTHOR]: null } } }), bob.name);
    assert.match(await apply(bob, release(name, { revision: "v2" }, bob.name)), / configured/);
    assert.equal(await author(name), bob.name);
    refused(await annotate(alice, name, `${AUTHOR}-`), bob.name);
    assert.match(await patch(alice, name, { spec: { paused: true } }), / patched/);
    assert.equal(await author(name), bob.name);
  });

  test("of a machine it may stay unknown", async () => {
    const name = another();
    refused(await apply(argocd, release(name, {}, "alice")), argocd.name);
    assert.match(await apply(argocd, release(name)), / created/);
    assert.match(await apply(argocd, release(name, { revision: "v2" })), / configured/);
    assert.match(await patch(alice, name, { spec: { paused: true } }), / patched/);
    assert.equal(await author(name), undefined);
    refused(await patch(alice, name, { spec: { revision: "v3" } }), "alice");
    assert.match(await apply(alice, release(name, { revision: "v3" }, "alice")), / configured/);
    refused(await annotate(argocd, name, `${AUTHOR}-`), "alice");
    // What a person has written does not become a machine's: it says so, as git may.
    refused(await applyServerSide(argocd, release(name, { revision: "v2" })), argocd.name);
    assert.match(await applyServerSide(argocd, release(name, { revision: "v2" }, argocd.name)), / serverside-applied/);
    assert.equal(await author(name), argocd.name);
  });
});
