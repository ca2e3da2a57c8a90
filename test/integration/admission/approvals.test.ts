import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ApprovalSpec } from "#api/releaseapproval.ts";
import { Guards } from "#controllers/guards.ts";
import { KubeClient } from "#kube/client.ts";
import { systemClock } from "#kube/clock.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest, KubeResponse } from "#kube/ports.ts";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { run } from "../crds/manifests.ts";
import { largest, QUESTION, REJECT } from "./question.ts";
import { ADMIN, CONDUCTOR, management, object, person, said, serviceAccount, stored, type Person } from "#test/scene/people.ts";

const APPROVE = { decision: "Approve" } as const;

const alice = person("alice", "release-approvers");
const bob = person("bob", "release-approvers");
/** Released what is asked about. */
const carol = person("carol", "release-approvers");
/** May patch approvals, and has not the verb that decides. */
const dave = person("dave", "editors");
const sre = person("sam", "release-approvers", "sre");
const manager = person("mia", "release-managers");
const oidc = person("https://id.example/realm#zoe@example.com:1/2~3", "release-approvers");
const bot = serviceAccount("change", "bot.v1");
const pipeline = serviceAccount("ci", "deployer");

const FREEZE = { purpose: "FreezeOverride", wave: undefined, freeze: "team-a/year-end" } as const;

let plane: Plane;
let cluster: Cluster;
let number = 0;

type Asked = Partial<ApprovalSpec>;

/** As the conductor asks. Resolves with the object's name. */
async function asked(spec: Asked = {}): Promise<string> {
  const name = `checkout.production-7.rest-${(number += 1)}`;
  const answer = await said(cluster, CONDUCTOR, ["create", "-f", "-"], object("ReleaseApproval", name, { ...QUESTION, ...spec }));
  assert.match(answer, / created/);
  return name;
}

function patch(who: Person, name: string, change: object, more: readonly string[] = []): Promise<string> {
  return said(cluster, who, ["patch", "releaseapproval", name, "--type=merge", "-p", JSON.stringify(change), ...more]);
}

const decide = (who: Person, name: string, decision: object | null, as = who.name): Promise<string> =>
  patch(who, name, { spec: { decisions: { [as]: decision } } });

/** The status, as the conductor writes it. */
async function turns(name: string, phase: string): Promise<void> {
  const whole = { ...(await stored(cluster, "releaseapprovals", name)), status: { phase } };
  assert.match(await said(cluster, CONDUCTOR, ["replace", "--subresource=status", "-f", "-"], whole), / replaced/);
}

async function decisions(name: string): Promise<unknown> {
  return (await stored(cluster, "releaseapprovals", name)).spec["decisions"] ?? {};
}

before(async () => {
  plane = await Plane.start();
  cluster = await management(plane, "management");
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" };
  const edit = [
    { apiGroups: ["conductor.dev"], resources: ["releaseapprovals"], verbs: ["get", "patch", "create"] },
    { apiGroups: ["conductor.dev"], resources: ["releaseapprovals/status", "releaseruns", "releaseruns/status"], verbs: ["*"] },
  ];
  const binding = (name: string, subject: object): object => ({
    apiVersion: role.apiVersion,
    kind: "RoleBinding",
    metadata: { name: `${name}-more`, namespace: "team-a" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [subject],
  });
  await cluster.apply([
    { ...role, metadata: { name: "editor", namespace: "team-a" }, rules: edit },
    binding("editor", { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "editors" }),
    binding("release-approver", { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:serviceaccounts" }),
  ]);
  await cluster.apply([largest()]);
  await installPolicies(cluster);
});
after(async () => plane.stop());

suite("who may decide what", () => {
  type Row = readonly [what: string, who: Person, asked: Asked, decision: object, refusal?: string];
  const notAmong = "you are not among those who decide here: ask ";
  const author = ": somebody else must approve it; you may reject it";
  const machine = "a ServiceAccount decides only where it is named: list ";
  const rows: readonly Row[] = [
    ["whoever has the verb approves", alice, {}, APPROVE],
    ["and rejects, with a reason", alice, {}, REJECT],
    ["but not without one", alice, {}, { decision: "Reject" }, "a Reject needs a reason, for whoever released"],
    ["nor with an empty one", alice, {}, { decision: "Reject", reason: "  " }, "a Reject needs a reason"],
    ["nor says anything else", alice, {}, { decision: "Maybe" }, 'supported values: "Approve", "Reject"'],
    ["whoever may only patch decides nothing", dave, {}, APPROVE, "to decide here takes the verb approve: ask for a Role with it"],
    ["a name with special characters decides as any other", oidc, {}, APPROVE],
    ["the author does not approve", carol, {}, APPROVE, `you have released this, carol${author}`],
    ["but rejects", carol, {}, REJECT],
    ["where nobody knows the author, all approve", carol, { author: undefined }, APPROVE],
    ["an admin who has released does not approve either", ADMIN, { author: "admin" }, APPROVE, `you have released this, admin${author}`],
    ["a member of a named group decides", sre, { groups: ["dba", "sre"] }, APPROVE],
    ["whoever is in none does not", alice, { groups: ["dba", "sre"] }, APPROVE, `${notAmong}a member of dba, or a member of sre`],
    ["a named user decides", bob, { users: ["bob"], count: 1 }, APPROVE],
    ["beside groups too", bob, { groups: ["sre"], users: ["bob"] }, APPROVE],
    ["another does not", alice, { groups: ["sre"], users: ["bob"] }, REJECT, `${notAmong}a member of sre, or bob`],
    ["a named user without the verb does not", dave, { users: ["dave"] }, APPROVE, "takes the verb approve"],
    ["an admin who is not named does not", ADMIN, { users: ["bob"] }, APPROVE, `${notAmong}bob`],
    ["a ServiceAccount does not decide", bot, {}, APPROVE, `${machine}change/bot.v1 under serviceAccounts`],
    ["nor by its groups", bot, { groups: ["system:serviceaccounts:change"] }, APPROVE, machine],
    ["nor where another is named", bot, { serviceAccounts: ["change/bot", "other/bot.v1"] }, APPROVE, machine],
    ["but where it is named", bot, { serviceAccounts: ["change/bot.v1"] }, APPROVE],
    ["where only it is named, people do not", alice, { serviceAccounts: ["change/bot.v1"] }, APPROVE, `${notAmong}change/bot.v1`],
    ["a ServiceAccount that has released does not", pipeline, { author: pipeline.name, serviceAccounts: ["ci/deployer"] }, APPROVE, author],
    ["a freeze takes a verb of its own", manager, FREEZE, APPROVE],
    ["that approvers have not", alice, FREEZE, APPROVE, "to decide here takes the verb override"],
    ["as who has that has not theirs", manager, {}, APPROVE, "to decide here takes the verb approve"],
  ];
  for (const [what, who, spec, decision, refusal] of rows)
    test(what, async () => {
      const name = await asked(spec);
      const answer = await decide(who, name, decision);
      if (refusal === undefined) assert.match(answer, / patched/);
      else assert.ok(answer.includes(refusal), `expected: ${refusal}\nbut kubectl said: ${answer}`);
      assert.deepEqual(await decisions(name), refusal === undefined ? { [who.name]: decision } : {});
    });
});

suite("everybody writes a decision of one's own", () => {
  const own = (name: string): string => `your key in spec.decisions is ${name}, leave all others as they are`;

  test("not another's", async () => {
    const name = await asked();
    assert.ok((await decide(alice, name, APPROVE, "bob")).includes(own("alice")));
    const both = { spec: { decisions: { alice: APPROVE, bob: APPROVE } } };
    assert.ok((await patch(alice, name, both)).includes(own("alice")));
    assert.deepEqual(await decisions(name), {});
  });

  test("beside those that are there, which stay as they are", async () => {
    const name = await asked();
    assert.match(await decide(bob, name, REJECT), / patched/);
    assert.ok((await decide(alice, name, APPROVE, "bob")).includes(own("alice")));
    assert.ok((await decide(alice, name, null, "bob")).includes(own("alice")));
    assert.ok((await patch(alice, name, { spec: { decisions: null } })).includes(own("alice")));
    assert.match(await decide(alice, name, APPROVE), / patched/);
    assert.deepEqual(await decisions(name), { alice: APPROVE, bob: REJECT });
  });

  test("and changes one's mind, or takes it back, as long as it is open", async () => {
    const name = await asked();
    for (const decision of [APPROVE, REJECT, APPROVE, null]) assert.match(await decide(alice, name, decision), / patched/);
    assert.deepEqual(await decisions(name), {});
  });

  test("not even the conductor decides for others", async () => {
    const { metadata, spec, ...rest } = await stored(cluster, "releaseapprovals", await asked());
    const whole = { ...rest, metadata, spec: { ...spec, decisions: { alice: APPROVE } } };
    assert.ok((await said(cluster, CONDUCTOR, ["replace", "-f", "-"], whole)).includes("forbidden"));
    const admin = { ...CONDUCTOR, groups: ["system:masters"] };
    assert.ok((await said(cluster, admin, ["replace", "-f", "-"], whole)).includes(own(CONDUCTOR.name)));
  });

  for (const [phase, remedy] of [
    ["Approved", "to stop the release, annotate the ServiceRelease with conductor.dev/abort=checkout.production-7"],
    ["Rejected", "another run of the release asks anew"],
    ["Expired", "another run of the release asks anew"],
    ["Void", "another run of the release asks anew"],
  ] as const)
    test(`nobody decides what is ${phase}`, async () => {
      const name = await asked();
      await decide(bob, name, APPROVE);
      await turns(name, phase);
      assert.ok((await decide(alice, name, APPROVE)).includes(`this approval is ${phase}, and that is final: ${remedy}`));
      assert.ok((await decide(bob, name, null)).includes("that is final"));
      assert.deepEqual(await decisions(name), { bob: APPROVE });
    });

  test("what is Pending is open", async () => {
    const name = await asked();
    await turns(name, "Pending");
    assert.match(await decide(alice, name, APPROVE), / patched/);
  });

  test("the largest question that there can be is decided on", async () => {
    const crowd = Array.from({ length: 100 }, (_, index) => `crowd-${index}`.padEnd(200, "y"));
    const somebody = person("user-19-".padEnd(253, "x"), "release-approvers", ...crowd);
    const reason = "r".repeat(511);
    assert.match(await decide(somebody, "largest", { ...REJECT, reason }), / patched/);
    const outsider = person("outsider", "release-approvers", ...crowd);
    assert.match(
      await decide(outsider, "largest", APPROVE),
      /you are not among those who decide here: ask a member of group-0-x+, or .*…$/,
    );
  });
});

suite("only the conductor asks", () => {
  const forged = (name: string, spec: object = {}): object => object("ReleaseApproval", name, { ...QUESTION, ...spec });

  test("nobody else makes an approval", async () => {
    const sentence = "only the conductor asks for approvals: decide on those that it has made (kubectl get releaseapprovals)";
    for (const who of [ADMIN, dave]) assert.ok((await said(cluster, who, ["create", "-f", "-"], forged("forged"))).includes(sentence));
  });

  test("and it answers nothing while it asks", async () => {
    const answer = await said(cluster, CONDUCTOR, ["create", "-f", "-"], forged("answered", { decisions: { bob: APPROVE } }));
    assert.ok(answer.includes("an approval begins without decisions: leave spec.decisions out"));
  });

  test("nobody changes the question, the conductor neither", async () => {
    const sentence = "what is asked for is immutable: of an approval only spec.decisions may be written";
    const name = await asked({ groups: ["sre"] });
    const all = { ...CONDUCTOR, groups: ["system:masters"] };
    const changes: readonly object[] = [
      { count: 1 },
      { groups: ["release-approvers"] },
      { groups: null },
      { author: null },
      { author: "bob" },
    ];
    const others: readonly object[] = [{ expiresAt: "2027-11-24T00:00:00Z" }, { run: { planHash: "f".repeat(64) } }, { users: ["alice"] }];
    for (const change of [...changes, ...others])
      for (const who of [alice, all]) assert.ok((await patch(who, name, { spec: change })).includes(sentence), JSON.stringify(change));
  });

  test("nobody else writes its status", async () => {
    const name = await asked();
    const sentence = "only the conductor writes the status of an approval: write your decision into spec.decisions";
    for (const who of [ADMIN, dave])
      assert.ok((await patch(who, name, { status: { phase: "Approved" } }, ["--subresource=status"])).includes(sentence));
    assert.ok((await patch(alice, name, { status: { phase: "Approved" } }, ["--subresource=status"])).includes("forbidden"));
    // Beside the subresource a status is not written at all.
    assert.match(await patch(alice, name, { status: { phase: "Approved" }, spec: { decisions: { alice: APPROVE } } }), / patched/);
    const { spec, status } = await stored(cluster, "releaseapprovals", name);
    assert.deepEqual([spec["decisions"], status], [{ alice: APPROVE }, undefined]);
  });

  test("a decision comes in no company", async () => {
    const name = await asked();
    const sentence = "of an approval only spec.decisions may be changed, and no metadata: use kubectl patch, which adds none";
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "b" };
    const changes: readonly object[] = [
      { labels: { a: "b" } },
      { annotations: { a: "b" } },
      { finalizers: ["a/b"] },
      { ownerReferences: [owner] },
    ];
    for (const metadata of changes)
      assert.ok(
        (await patch(alice, name, { metadata, spec: { decisions: { alice: APPROVE } } })).includes(sentence),
        JSON.stringify(metadata),
      );
    assert.deepEqual(await decisions(name), {});
  });

  test("Kubernetes' garbage collector takes a finalizer away, and decides nothing", async () => {
    const collector = person(serviceAccount("kube-system", "generic-garbage-collector").name, "system:masters");
    const name = await asked();
    assert.match(await patch(collector, name, { metadata: { finalizers: ["foregroundDeletion"] } }), / patched/);
    assert.match(await patch(collector, name, { metadata: { finalizers: null } }), / patched/);
    assert.ok((await decide(collector, name, APPROVE)).includes("a ServiceAccount decides only where it is named"));
  });
});

test("the conductor sees with its own rights that approvals are guarded, and that they are not any more", async () => {
  const request = async ({ path }: KubeRequest): Promise<KubeResponse> => {
    const answer = await said(cluster, CONDUCTOR, ["get", "--raw", path]);
    if (answer.includes("(NotFound)")) throw new KubeFailure("NotFound", answer);
    return { status: 200, body: JSON.parse(answer) };
  };
  const watch = (): never => assert.fail("nothing is watched");
  const home = new KubeClient({ request, watch }, { open: () => true }, systemClock, () => 0);
  const { signal } = new AbortController();
  const guarded = (): Promise<string | undefined> => new Guards(home, systemClock).approvals(signal);
  assert.equal(await guarded(), undefined);
  const binding = "validatingadmissionpolicybinding/release-conductor-authors";
  await cluster.kubectl(["patch", binding, "--type=merge", "-p", '{"spec":{"validationActions":["Warn"]}}']);
  assert.match((await guarded()) ?? "", /release-conductor-authors does not refuse anything \(validationActions Warn\)/);
  await cluster.kubectl(["delete", binding]);
  assert.match((await guarded()) ?? "", /release-conductor-authors does not exist, so that anybody could approve/);
});

test("nobody but the conductor makes a run, or says that its gates have opened", async () => {
  const sentence = "only the conductor makes ReleaseRuns, and says how releases stand: change the ServiceRelease, or annotate it";
  const { spec } = run([{ targetRevision: "v2" }]);
  const made = object("ReleaseRun", "checkout.production-7", spec);
  for (const who of [ADMIN, dave]) assert.ok((await said(cluster, who, ["create", "-f", "-"], made)).includes(sentence));
  assert.match(await said(cluster, CONDUCTOR, ["create", "-f", "-"], made), / created/);
  const change = JSON.stringify({ status: { phase: "Succeeded" } });
  const write = ["patch", "releaserun", "checkout.production-7", "--type=merge", "--subresource=status", "-p", change];
  for (const who of [ADMIN, dave]) assert.ok((await said(cluster, who, write)).includes(sentence));
  const whole = { ...(await stored(cluster, "releaseruns", "checkout.production-7")), status: { phase: "Progressing" } };
  assert.match(await said(cluster, CONDUCTOR, ["replace", "--subresource=status", "-f", "-"], whole), / replaced/);
  // People label what they like.
  assert.match(await said(cluster, ADMIN, ["label", "releaserun", "checkout.production-7", "a=b"]), / labeled/);
});
