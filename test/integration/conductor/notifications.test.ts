import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Environment } from "#api/environment.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { FakeReceiver, type Played } from "#plane/fake-receiver.ts";
import { installPolicies } from "#test/scene/policies.ts";
import { manifests } from "#test/scene/manifests.ts";
import { person, said } from "#test/scene/people.ts";
import { commit, Stage, until } from "#test/scene/stage.ts";

/** The process that production runs tells real sockets what becomes of releases, and of no message two. */

const both = ["eu", "us"];
const SECRETS = { slack: "slack-canary-7f3a91", signingKey: "signing-canary-7f3a91", token: "token-canary-7f3a91" };
const TYPES: readonly Played[] = ["Slack", "Webhook", "GitHub", "GitLab"];
const CAREFUL = {
  minSuccessTime: "0s",
  onFailure: "RollBack",
  maxFailures: 0,
  waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }],
};
let stage: Stage;
let fake: FakeReceiver;

before(async () => {
  fake = await FakeReceiver.start(SECRETS);
  stage = await Stage.start({ clusters: both });
  await stage.home.apply(TYPES.map((type) => receiver(type.toLowerCase(), fake.secretOf(type))));
});
afterEach(async (t) => {
  fake.script = () => "as usual";
  fake.letGo();
  await stage.keepIfFailed(t);
  assert.deepEqual(fake.failures.splice(0), [], "every request has the documented shape");
});
after(async () => {
  await stage.stop();
  await fake.stop();
});

function receiver(name: string, stringData: object, annotations: object = { "conductor.dev/allowed-namespaces": "team-a" }) {
  const metadata = { name, namespace: "release-conductor", labels: { "conductor.dev/secret-type": "receiver" }, annotations };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData };
}

/** Everybody is told of everything. */
const everybody = (more: object = {}) => [
  { receiver: "slack", ...more },
  { receiver: "webhook", ...more },
  { receiver: "github", repository: "acme/{{service}}", comment: true, ...more },
  { receiver: "gitlab", repository: "acme/{{service}}", comment: true, ...more },
];

/** An Environment of that name, whose receivers were all found, and its Applications. */
async function ready(name: string, notifications: readonly object[], strategy: object = CAREFUL): Promise<void> {
  await stage.environment(name, both, { strategy, notifications });
  await stage.deploy(name, both, { annotations: { "conductor.dev/authorized": `team-a/${name}.${name}` } });
  await until(`the receivers of ${name}`, () => stage.getEnvironment(name), hasReceivers(true));
}

const hasReceivers =
  (status: boolean) =>
  (one: Environment): boolean =>
    one.status?.conditions?.some((condition) => condition.type === "ReceiversReady" && condition.status === (status ? "True" : "False")) ===
    true;

const run = async (name: string): Promise<ReleaseRun | undefined> => (await stage.runs(`${name}.${name}`))[0];
const told = (one: ReleaseRun | undefined, ...fields: readonly ("receiver" | "phase" | "state" | "attempts")[]): readonly string[] =>
  (one?.status?.notifications ?? []).map((delivery) => fields.map((field) => delivery[field]).join(" "));
const settled = (name: string, count: number): Promise<ReleaseRun | undefined> =>
  until(
    `the messages of ${name}`,
    () => run(name),
    (one) =>
      one?.status?.notifications?.length === count &&
      one.status.notifications.every(({ state }) => state !== "Sending" && state !== "Retrying"),
  );
const comments = (digit: string) => [...fake.commentsOf("GitHub", commit(digit)), ...fake.commentsOf("GitLab", commit(digit))];
const since = (begin: number, played: Played) => fake.received.slice(begin).filter((one) => one.played === played);

test("a release to several clusters is told once in each phase, to everybody, in the documented form", async () => {
  await installPolicies(stage.home, { user: "release-conductor" });
  const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "releasers" };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "releaser", namespace: "team-a" } };
  await stage.home.apply([
    { ...role, kind: "Role", rules: [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["*"] }] },
    { ...role, kind: "RoleBinding", roleRef: { apiGroup: subject.apiGroup, kind: "Role", name: "releaser" }, subjects: [subject] },
    ...manifests("examples/rbac-approver.yaml"),
  ]);
  const gated = {
    ...CAREFUL,
    waves: [
      { name: "first", clusters: { count: 1 } },
      { name: "rest", gates: [{ approval: { groups: ["release-approvers"] } }] },
    ],
  };
  await ready("gated", everybody(), gated);
  const begin = fake.received.length;
  const spec = { service: "gated", environment: "gated", revision: commit("a") };
  const wish = { apiVersion: "conductor.dev/v1alpha1", kind: "ServiceRelease", metadata: { name: "gated.gated" }, spec };
  assert.match(await said(stage.home, person("alice", "releasers"), ["apply", "-f", "-"], wish), / created/);
  await settled("gated", 8);
  const decisions = JSON.stringify({ spec: { decisions: { bob: { decision: "Approve" } } } });
  const patch = ["patch", "releaseapproval", "gated.gated-1-w2-g1", "--type=merge", "-p", decisions];
  assert.match(await said(stage.home, person("bob", "release-approvers"), patch), / patched/);
  await stage.scene.finished({ name: "gated.gated" });
  const ended = await settled("gated", 12);
  assert.deepEqual(
    told(ended, "receiver", "phase", "state", "attempts"),
    ["Started", "WaitingForApproval", "Finished"].flatMap((phase) =>
      ["slack", "webhook", "github", "gitlab"].map((name) => `${name} ${phase} Sent 1`),
    ),
  );
  assert.deepEqual(
    since(begin, "Webhook").map(({ body }) => body["type"]),
    ["release.Started", "release.WaitingForApproval", "release.Finished"],
  );
  assert.equal(since(begin, "Slack").length, 3);
  assert.deepEqual(
    since(begin, "GitHub").map(({ method, path, body }) => [method, path, body["state"] ?? ""]),
    [
      ["POST", `/repos/acme/gated/statuses/${commit("a")}`, "pending"],
      ["POST", `/repos/acme/gated/statuses/${commit("a")}`, "pending"],
      ["POST", `/repos/acme/gated/statuses/${commit("a")}`, "success"],
      ["POST", `/repos/acme/gated/commits/${commit("a")}/comments`, ""],
    ],
  );
  // GitLab refuses the state that a commit has: then it is looked up.
  const project = "/projects/acme%2Fgated";
  assert.deepEqual(
    since(begin, "GitLab").map(({ method, path, body }) => [method, path, body["state"] ?? ""]),
    [
      ["POST", `${project}/statuses/${commit("a")}`, "running"],
      ["POST", `${project}/statuses/${commit("a")}`, "running"],
      ["GET", `${project}/repository/commits/${commit("a")}/statuses?name=conductor%2Fteam-a%2Fgated.gated`, ""],
      ["POST", `${project}/statuses/${commit("a")}`, "success"],
      ["POST", `${project}/repository/commits/${commit("a")}/comments`, ""],
    ],
  );
  for (const played of ["GitHub", "GitLab"] as const) {
    const [text = "", ...more] = fake.commentsOf(played, commit("a"));
    assert.deepEqual(more, []);
    assert.match(
      text,
      /^<!-- conductor\.dev\/message: msg_[0-9a-f]{32} -->\n`gated` in `gated`: `Succeeded`, `2` of `2` clusters are ready/,
    );
  }
});

test("a release that fails is told as taken back, to its commit too", async () => {
  await ready("bad", everybody({ phases: ["RolledBack", "Failed"] }), { ...CAREFUL, progressDeadline: "3s" });
  for (const cluster of both) stage.argo(cluster).script("bad", { comparisonErrors: { [commit("b")]: "there is no such revision" } });
  const begin = fake.received.length;
  await stage.scene.release(commit("b"), {}, "bad.bad");
  const ended = await stage.scene.finished({ name: "bad.bad" });
  assert.equal(ended.status?.phase, "RolledBack");
  assert.deepEqual(told(await settled("bad", 4), "receiver", "phase", "state"), [
    "slack RolledBack Sent",
    "webhook RolledBack Sent",
    "github RolledBack Sent",
    "gitlab RolledBack Sent",
  ]);
  assert.deepEqual(fake.statusesOf("GitHub", commit("b")), ["conductor/team-a/bad.bad: failure"]);
  assert.deepEqual(fake.statusesOf("GitLab", commit("b")), ["conductor/team-a/bad.bad: failed"]);
  assert.equal(since(begin, "Slack").length, 1);
});

test("a receiver that never answers holds up no release, its own or another", async () => {
  await ready("dead", [{ receiver: "slack" }, { receiver: "webhook" }]);
  fake.script = () => "hold";
  const begin = fake.received.length;
  await stage.scene.release(commit("c"), {}, "dead.dead");
  const ended = await stage.scene.finished({ name: "dead.dead" });
  assert.equal(ended.status?.phase, "Succeeded");
  // Nothing of it was answered yet: the release has not waited for it.
  const states = (await run("dead"))?.status?.notifications?.map(({ state }) => state) ?? [];
  assert.ok(states.length > 0 && !states.includes("Sent"), states.join(", "));
  assert.ok(since(begin, "Slack").length > 0);
});

test("a conductor that is killed while it sends tells nobody twice who could not know it", async () => {
  await ready("killed", everybody({ phases: ["Finished"] }));
  // Everything arrives and is done, and no answer comes.
  fake.script = () => "hold";
  const begin = fake.received.length;
  await stage.scene.release(commit("d"), {}, "killed.killed");
  await stage.scene.finished({ name: "killed.killed" });
  await until(
    "all four to be asked",
    async () => fake.received.slice(begin).length,
    (count) => count >= 4,
  );
  await stage.conductor.kill();
  fake.script = ({ path, method }) => (path.endsWith("/comments") && method === "POST" ? "hold" : "as usual");
  await stage.revive();
  // Now the comments are written, and nobody hears that they are.
  await until(
    "both comments",
    async () => comments("d"),
    (found) => found.length === 2,
  );
  await stage.conductor.kill();
  fake.script = () => "as usual";
  await stage.revive();
  assert.deepEqual(told(await settled("killed", 4), "receiver", "phase", "state"), [
    "slack Finished Unknown",
    "webhook Finished Sent",
    "github Finished Sent",
    "gitlab Finished Sent",
  ]);
  assert.equal(since(begin, "Slack").length, 1);
  assert.equal(new Set(since(begin, "Webhook").map(({ headers }) => headers["webhook-id"])).size, 1);
  assert.equal(comments("d").length, 2);
  const events = await stage.events("killed.killed-1");
  assert.deepEqual(
    events.filter(({ reason }) => reason === "NotificationFailed").map(({ note }) => note.split(":").slice(0, 3).join(":")),
    ["slack: Finished: Unknown"],
  );
});

test("what is named wrongly is said by the Environment, and the release goes on", async () => {
  await stage.home.apply([receiver("others", fake.secretOf("Slack"), { "conductor.dev/allowed-namespaces": "team-b" })]);
  await stage.environment("wrong", both, {
    strategy: CAREFUL,
    notifications: [{ receiver: "nobody" }, { receiver: "others" }, { receiver: "github" }],
  });
  await stage.deploy("wrong", both, { annotations: { "conductor.dev/authorized": "team-a/wrong.wrong" } });
  const { status } = await until("the receivers of wrong", () => stage.getEnvironment("wrong"), hasReceivers(false));
  assert.deepEqual(
    status?.receivers?.map(({ receiver: name, problem }) => `${name} ${problem}`),
    ["nobody NotFound", "others NotAllowed", "github Malformed"],
  );
  await stage.scene.release(commit("e"), {}, "wrong.wrong");
  assert.equal((await stage.scene.finished({ name: "wrong.wrong" })).status?.phase, "Succeeded");
});

test("what it takes to reach a receiver is in no object, no event, no metric and no line of the log", async () => {
  await ready("secret", [{ receiver: "slack" }, { receiver: "webhook" }, { receiver: "gitlab", repository: "acme/secret" }]);
  // Each failure of its own: an answer that quotes the request, a redirect, and one that is not there.
  fake.script = ({ played }) =>
    played === "Slack"
      ? { status: 404 }
      : played === "Webhook"
        ? { status: 307, headers: { location: `${fake.url}/hook/${SECRETS.slack}` } }
        : { status: 500 };
  await stage.scene.release(commit("f"), {}, "secret.secret");
  await stage.scene.finished({ name: "secret.secret" });
  const given = await until(
    "two that are given up",
    () => run("secret"),
    (one) => (one?.status?.notifications?.filter(({ state }) => state === "Failed").length ?? 0) >= 4,
  );
  assert.ok(given?.status?.notifications?.some(({ message }) => message.includes("redirects are not followed")));
  const kinds = ["servicereleases", "releaseruns", "environments", "releaseapprovals"].map(
    (kind) => `/apis/conductor.dev/v1alpha1/${kind}`,
  );
  const objects = await Promise.all([...kinds, "/apis/events.k8s.io/v1/events"].map((path) => stage.home.get(path)));
  const metrics = await (await fetch(`${stage.conductor.url}/metrics`)).text();
  assert.match(metrics, /release_conductor_notifications_total\{type="Slack",state="Failed"\} 2/);
  const all = [JSON.stringify(objects), metrics, await stage.conductor.log()];
  for (const text of all) for (const secret of [...Object.values(SECRETS), fake.url, "canary"]) assert.ok(!text.includes(secret), secret);
});
