import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ApprovalSpec } from "#api/releaseapproval.ts";
import type { Input } from "#cli/terminal.ts";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { ADMIN, CONDUCTOR, management, object, said, stored } from "#test/scene/people.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { conductorOn, type Said } from "#test/unit/cli/terminal.ts";
import { QUESTION } from "../admission/question.ts";

const GROUPS: Readonly<Record<string, string>> = {
  alice: "release-approvers",
  bob: "release-approvers",
  carol: "release-approvers",
  dave: "editors",
};
const ASKED = { ...QUESTION, expiresAt: "2126-11-24T00:00:00Z" };

let plane: Plane;
let cluster: Cluster;
let number = 0;

/** As the conductor asks, about a service of its own. Resolves with the release's name. */
async function asked(spec: Partial<ApprovalSpec> = {}): Promise<{ readonly release: string; readonly approval: string }> {
  const service = `checkout-${(number += 1)}`;
  const approval = `${service}.production-1-w2-g1`;
  const answer = await said(cluster, CONDUCTOR, ["create", "-f", "-"], object("ReleaseApproval", approval, { ...ASKED, service, ...spec }));
  assert.match(answer, / created/);
  return { release: `${service}.production`, approval };
}

/** As that person, by impersonation; `input` is what they say when they are asked. */
function conductor(who: string, args: readonly string[], input?: Input): Promise<Said> {
  const group = GROUPS[who] === undefined ? [] : ["--as-group", GROUPS[who]];
  return conductorOn([...args, "--kubeconfig", cluster.kubeconfig, "-n", "team-a", "--as", who, ...group], { input });
}

async function decisions(approval: string): Promise<unknown> {
  return (await stored(cluster, "releaseapprovals", approval)).spec["decisions"] ?? {};
}

before(async () => {
  plane = await Plane.start();
  cluster = await management(plane, "management");
  const group = "rbac.authorization.k8s.io";
  const rules = [{ apiGroups: ["conductor.dev"], resources: ["releaseapprovals"], verbs: ["get", "list", "patch"] }];
  const metadata = { name: "editor", namespace: "team-a" };
  const roleRef = { apiGroup: group, kind: "Role", name: "editor" };
  const subjects = [{ apiGroup: group, kind: "Group", name: "editors" }];
  await cluster.apply([
    { apiVersion: `${group}/v1`, kind: "Role", metadata, rules },
    { apiVersion: `${group}/v1`, kind: "RoleBinding", metadata, roleRef, subjects },
  ]);
  await installPolicies(cluster);
});
after(async () => plane.stop());

suite("decisions by the command line, as the API server lets them", () => {
  test("an approver approves under their own name, and may change their mind", async () => {
    const { release, approval } = await asked();
    const { code, out, err } = await conductor("alice", ["approve", release, "--yes", "--reason", "fine"]);
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.ok(out.endsWith(`\n✓ approve ${release}: Recorded: by alice on ${approval}, 1 of 2 approvals\n`), out);
    assert.deepEqual(await decisions(approval), { alice: { decision: "Approve", reason: "fine" } });
    assert.equal((await conductor("alice", ["reject", release, "--yes", "--reason", "not today"])).code, 0);
    assert.deepEqual(await decisions(approval), { alice: { decision: "Reject", reason: "not today" } });
    assert.equal((await conductor("alice", ["approve", release, "--yes"])).code, 0);
    assert.deepEqual(await decisions(approval), { alice: { decision: "Approve" } });
  });

  type Row = readonly [what: string, who: string, spec: Partial<ApprovalSpec>, refusal: string];
  const rows: readonly Row[] = [
    [
      "whoever has released does not approve",
      "carol",
      {},
      "you have released this, carol: somebody else must approve it; you may reject it",
    ],
    ["nor whoever is not named", "bob", { users: ["alice"], count: 1 }, "you are not among those who decide here: ask alice"],
    ["nor whoever is in none of the groups", "bob", { groups: ["sre"] }, "you are not among those who decide here: ask a member of sre"],
    [
      "nor whoever may only patch",
      "dave",
      {},
      "to decide here takes the verb approve: ask for a Role with it on releaseapprovals (conductor.dev) in the namespace team-a",
    ],
  ];
  for (const [what, who, spec, refusal] of rows)
    test(`${what}: the policy's sentence, and exit code 1`, async () => {
      const { release, approval } = await asked(spec);
      const { code, out, err } = await conductor(who, ["approve", release, "--yes"]);
      assert.deepEqual({ code, err }, { code: 1, err: "" });
      assert.equal(
        out.split("\n").at(-2),
        `✗ approve ${release}: Refused: ReleaseApproval ${approval} in namespace team-a was refused: ${refusal}`,
      );
      assert.deepEqual(await decisions(approval), {});
    });

  test("who may not read approvals is told which right is missing", async () => {
    const { release } = await asked();
    assert.deepEqual(await conductor("eve", ["approve", release, "--yes"]), {
      code: 2,
      out: "",
      err: "you may not list releaseapprovals in namespace team-a: ask for a Role with the verb list on releaseapprovals.conductor.dev (kubectl auth can-i list releaseapprovals.conductor.dev -n team-a)\n",
    });
  });

  async function expires(approval: string): Promise<void> {
    const whole = { ...(await stored(cluster, "releaseapprovals", approval)), status: { phase: "Expired" } };
    assert.match(await said(cluster, CONDUCTOR, ["replace", "--subresource=status", "-f", "-"], whole), / replaced/);
  }

  test("what has expired is not decided any more", async () => {
    const { release, approval } = await asked();
    await expires(approval);
    assert.deepEqual(await conductor("alice", ["approve", release, "--yes"]), {
      code: 1,
      out: `✗ approve ${release}: Refused: nothing of ${release} waits for a decision (${approval} is Expired)\n`,
      err: "",
    });
  });

  test("nor what expires while somebody thinks about it", async () => {
    const { release, approval } = await asked();
    const { code, out } = await conductor("alice", ["approve", release], { line: () => expires(approval).then(() => "y") });
    assert.equal(code, 1);
    assert.equal(
      out.split("\n").at(-2),
      `✗ approve ${release}: Refused: ReleaseApproval ${approval} in namespace team-a was refused: this approval is Expired, and that is final: another run of the release asks anew`,
    );
  });

  test("nor another question of the same name", async () => {
    const { release, approval } = await asked();
    const replaced = async (): Promise<string> => {
      const { metadata, spec } = await stored(cluster, "releaseapprovals", approval);
      await cluster.kubectl(["delete", "releaseapproval", approval, "--namespace", "team-a"]);
      await said(cluster, CONDUCTOR, ["create", "-f", "-"], object("ReleaseApproval", metadata.name, { ...spec, revision: "v3" }));
      return "y";
    };
    const { code, err } = await conductor("alice", ["approve", release], { line: replaced });
    assert.deepEqual(
      { code, err },
      {
        code: 2,
        err: `ReleaseApproval ${approval} in namespace team-a is another one meanwhile: look at it, and try again\n`,
      },
    );
    assert.deepEqual(await decisions(approval), {});
  });
});

suite("what else the command line writes", () => {
  const admin = (args: readonly string[]): Promise<Said> => conductorOn([...args, "--kubeconfig", cluster.kubeconfig, "-n", "team-a"]);

  test("an annotation that names the run, besides that of the author", async () => {
    const release = object("ServiceRelease", "shop.production", { service: "shop", environment: "production", revision: "v1" });
    assert.match(await said(cluster, ADMIN, ["create", "-f", "-"], release), / created/);
    assert.deepEqual(await admin(["pause", "shop.production"]), {
      code: 1,
      out: "✗ pause shop.production: Refused: there is no run yet: the conductor has not looked at it\n  conductor status shop.production shows how it stands\n",
      err: "",
    });
    const whole = { ...(await stored(cluster, "servicereleases", "shop.production")), status: { run: "shop.production-1" } };
    assert.match(await said(cluster, CONDUCTOR, ["replace", "--subresource=status", "-f", "-"], whole), / replaced/);
    assert.deepEqual(await admin(["pause", "shop.production", "--no-wait"]), {
      code: 0,
      out: "● pause shop.production: Asked: asked of shop.production-1, and not waited for\n",
      err: "",
    });
    const { annotations = {} } = (await stored(cluster, "servicereleases", "shop.production")).metadata;
    assert.equal(annotations["conductor.dev/author"], "admin");
    assert.match(annotations["conductor.dev/pause"] ?? "", /^shop\.production-1\/\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test("nothing, where the right is missing", async () => {
    assert.deepEqual(await conductor("eve", ["pause", "shop.production"]), {
      code: 2,
      out: "",
      err: "you may not get ServiceRelease shop.production in namespace team-a: ask for a Role with the verb get on servicereleases.conductor.dev (kubectl auth can-i get servicereleases.conductor.dev -n team-a)\n",
    });
  });

  test("a freeze that the API server takes, and its end", async () => {
    const times = ["--from", "2126-12-23T18:00+01:00", "--until", "2127-01-04T08:00:00+01:00"];
    const made = await admin([
      "freeze",
      "holidays",
      "--reason",
      "nobody is at work",
      ...times,
      "--environment",
      "production",
      "--cluster",
      "eu,us",
    ]);
    assert.deepEqual({ code: made.code, err: made.err }, { code: 0, err: "" });
    assert.deepEqual((await stored(cluster, "freezewindows", "holidays")).spec, {
      reason: "nobody is at work",
      from: "2126-12-23T17:00:00Z",
      to: "2127-01-04T07:00:00Z",
      environments: ["production"],
      clusters: { names: ["eu", "us"] },
    });
    const taken = await admin(["freeze", "holidays", "--reason", "x", "--for", "1h"]);
    assert.deepEqual(taken, {
      code: 2,
      out: "",
      err: "there is already a FreezeWindow holidays in namespace team-a: choose another name, or delete it first\n",
    });
    assert.deepEqual(await admin(["unfreeze", "holidays"]), { code: 0, out: "holidays is gone\n", err: "" });
    assert.equal((await admin(["freeze"])).out, "no freezes in namespace team-a\n");
  });
});
