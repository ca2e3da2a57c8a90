import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery } from "#api/notifications.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { stays } from "#simulation/behaviour.ts";
import { carried, objectAt, type JsonObject } from "#simulation/json.ts";
import { commit, pathOf, REGISTRY, RESOURCES, TEAM, type Scenario } from "#simulation/scenario.ts";
import { CONDUCTOR, Simulation } from "#simulation/simulation.ts";
import { AT_ONCE } from "./atonce.ts";
import { FakePost, receiver } from "./fakepost.ts";

/** Who is told of releases, by the real controllers in virtual time, with receivers that are played. */

const [A, B] = [commit("a"), commit("b")];
const RELEASE = "checkout.production";
const HOUR = 3_600_000;
const CLUSTERS = ["c0", "c1", "c2"].map((name) => ({ name }));
const SLACK = receiver("slack", { type: "Slack", url: "https://hooks.slack.example/services/T0/B0/canary" });
const HOOK = receiver("hook", { type: "Webhook", url: "https://hook.example/in", signingKey: "a key of more than sixteen bytes" });
const GITHUB = receiver("github", { type: "GitHub", token: "ghp_canary" });

interface Setting extends Partial<Scenario> {
  readonly notifications?: readonly JsonObject[];
  readonly strategy?: JsonObject;
  readonly secrets?: readonly JsonObject[];
}

function stage({ notifications, strategy = {}, secrets = [SLACK, HOOK, GITHUB], ...more }: Setting = {}) {
  const post = new FakePost();
  const spec = { strategy: { ...AT_ONCE, ...strategy }, ...(notifications === undefined ? {} : { notifications: [...notifications] }) };
  const environments = [{ name: "production", spec }];
  const simulation = new Simulation({ seed: "notifications", clusters: CLUSTERS, environments, post, ...more });
  post.plays(simulation);
  for (const body of secrets) simulation.home.handle({ method: "POST", path: pathOf(RESOURCES.secrets, REGISTRY), body }, "setup");
  return { simulation, post };
}

const finished = (simulation: Simulation, name = RELEASE): Promise<boolean> =>
  simulation.runUntil(() => simulation.wishes.finished(name), 2 * HOUR);
const deliveries = (run: ReleaseRun | undefined): readonly string[] =>
  (run?.status?.notifications ?? []).map((one: Delivery) =>
    [one.receiver, one.phase, one.subject ?? "", one.state, one.attempts, one.message].filter((part) => part !== "").join(" "),
  );
const texts = ({ got }: FakePost): readonly string[] => got.map(({ body }) => String(body?.["text"]));

test("one message for each phase of a release to three clusters, however many targets there are", async () => {
  const { simulation, post } = stage({ notifications: [{ receiver: "slack" }, { receiver: "hook" }] });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  assert.equal(await finished(simulation), true);
  await simulation.settle(60_000);
  assert.deepEqual(
    post.got.map(({ url, body }) => [new URL(url).host, body?.["type"] ?? "text"]),
    [
      ["hooks.slack.example", "text"],
      ["hook.example", "release.Started"],
      ["hooks.slack.example", "text"],
      ["hook.example", "release.Finished"],
    ],
  );
  assert.deepEqual(texts(post).slice(0, 1), [
    `*checkout* is being released to *production*: 3 clusters in 1 wave, revision ${A} (checkout.production-1)`,
  ]);
  assert.deepEqual(deliveries(simulation.wishes.runs(RELEASE)[0]), [
    "slack Started Sent 1 answered 200",
    "hook Started Sent 1 answered 200",
    "slack Finished Sent 1 answered 200",
    "hook Finished Sent 1 answered 200",
  ]);
});

test("a dead receiver delays nothing: with one that never answers, a release takes as long as without", async () => {
  const took = async (notifications?: readonly JsonObject[]): Promise<number> => {
    const { simulation, post } = stage(notifications === undefined ? {} : { notifications });
    post.script = () => ({ after: 10_000, with: "silent" });
    await simulation.settle(5000);
    const began = simulation.clock.now();
    simulation.wishes.apply(RELEASE, A);
    assert.equal(await finished(simulation), true);
    return simulation.clock.now() - began;
  };
  const [without, dead] = [await took(), await took([{ receiver: "slack" }, { receiver: "hook" }])];
  assert.ok(dead - without < 1000, `${dead} ms and ${without} ms`);
});

test("what certainly did not arrive is sent again, later each time, and no sooner than the receiver asks; then it is given up, with an event", async () => {
  const { simulation, post } = stage({ notifications: [{ receiver: "slack", phases: ["Finished"] }] });
  post.script = (_, count) => ({ with: count === 0 ? { status: 429, retryAfter: 120_000 } : { status: 503 } });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(2 * HOUR);
  const [first, second, ...rest] = post.got.map(({ at }) => at);
  assert.ok((second ?? 0) - (first ?? 0) >= 120_000, "Retry-After is honoured");
  const last = rest.at(-1) ?? 0;
  assert.ok(last - (first ?? 0) <= HOUR && post.got.length > 12 && post.got.length < 60, `${post.got.length} attempts`);
  assert.deepEqual(deliveries(simulation.wishes.runs(RELEASE)[0]), [
    `slack Finished Failed ${post.got.length} given up after ${post.got.length} attempts: answered 503`,
  ]);
  const events = simulation.home.all(RESOURCES.events).filter((event) => event["reason"] === "NotificationFailed");
  assert.deepEqual(
    events.map((event) => event["note"]),
    [`slack: Finished: Failed: given up after ${post.got.length} attempts: answered 503`],
  );
  assert.equal(simulation.wishes.phase(RELEASE), "Succeeded");
});

test("nobody says whether it has arrived: a message to Slack is not sent twice, a webhook's is, with the id that it had", async () => {
  const { simulation, post } = stage({
    notifications: [
      { receiver: "slack", phases: ["Finished"] },
      { receiver: "hook", phases: ["Finished"] },
    ],
  });
  post.script = (_, count) => ({ after: 10_000, with: count < 2 ? "silent" : { status: 204 } });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(HOUR);
  assert.deepEqual(deliveries(simulation.wishes.runs(RELEASE)[0]), [
    "slack Finished Unknown 1 no answer within 10 s: it may have arrived, and is not sent again",
    "hook Finished Sent 2 answered 204",
  ]);
  const ids = post.got.filter(({ url }) => url.includes("hook.example")).map(({ headers }) => headers["webhook-id"]);
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
});

test("a conductor that dies while it sends leaves a claim: the next one sends to Slack no second time, and to others with the same id", async () => {
  const { simulation, post } = stage({ notifications: [{ receiver: "slack" }, { receiver: "hook" }] });
  post.script = (_, count) => ({ after: count < 2 ? 9000 : 0, with: { status: 200 } });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await simulation.runUntil(() => post.got.length === 2, HOUR);
  simulation.crash(3000);
  assert.equal(await finished(simulation), true);
  await simulation.settle(60_000);
  assert.deepEqual(deliveries(simulation.wishes.runs(RELEASE)[0]), [
    "slack Started Unknown 1 the conductor was stopped while it was sent: it is not sent again, lest it come twice",
    "hook Started Sent 2 answered 200",
    "slack Finished Sent 1 answered 200",
    "hook Finished Sent 1 answered 200",
  ]);
  assert.equal(simulation.conductor?.fleet.clusters().length, 3, "a receiver is no cluster");
  const started = post.got.filter(({ body }) => body?.["type"] === "release.Started").map(({ headers }) => headers["webhook-id"]);
  assert.equal(new Set(started).size, 1);
  assert.equal(started.length, 2);
});

test("a conductor that is stopped in good order waits a moment for what is under way, and stores what came of it", async () => {
  for (const [after, state] of [
    [2000, "Sent"],
    [9000, "Sending"],
  ] as const) {
    const { simulation, post } = stage({ notifications: [{ receiver: "slack" }] });
    post.script = () => ({ after, with: { status: 200 } });
    await simulation.settle(5000);
    simulation.wishes.apply(RELEASE, A);
    await simulation.runUntil(() => post.got.length === 1, HOUR);
    const stopping = simulation.conductor?.stop();
    await simulation.settle(10_000);
    await stopping;
    const told = simulation.wishes.runs(RELEASE)[0]?.status?.notifications?.map((one) => `${one.phase} ${one.state}`);
    assert.deepEqual(told, [`Started ${state}`]);
  }
});

test("a claim of which nobody knows whether it was stored was followed by nothing: Slack gets each message once all the same", async () => {
  const path = `${pathOf(RESOURCES.runs, TEAM, "checkout.production-1")}/status`;
  for (let write = 1; write <= 10; write += 1) {
    const { simulation, post } = stage({ notifications: [{ receiver: "slack" }] });
    simulation.faults.call(`management PUT ${path} #${write}`, { kind: "ResetAfterCommit" });
    await simulation.settle(5000);
    simulation.wishes.apply(RELEASE, A);
    await finished(simulation);
    await simulation.settle(60_000);
    assert.equal(post.got.length, 2, `write ${write}`);
    const told = simulation.wishes.runs(RELEASE)[0]?.status?.notifications ?? [];
    assert.deepEqual(
      told.map(({ phase, state }) => `${phase} ${state}`),
      ["Started Sent", "Finished Sent"],
      `write ${write}`,
    );
  }
});

test("whichever write of the run's status is refused, lost on its way back or cut by a crash, a webhook knows each message by its id", async () => {
  const faults = [{ kind: "Refused", status: 409 }, { kind: "ResetAfterCommit" }, { kind: "CrashAfter", restartAfter: 2000 }] as const;
  const path = `${pathOf(RESOURCES.runs, TEAM, "checkout.production-1")}/status`;
  for (const fault of faults)
    for (let write = 1; write <= 10; write += 1) {
      const { simulation, post } = stage({ notifications: [{ receiver: "hook" }] });
      const injected = simulation.faults.call(`management PUT ${path} #${write}`, fault);
      await simulation.settle(5000);
      simulation.wishes.apply(RELEASE, A);
      assert.equal(await finished(simulation), true);
      await simulation.settle(60_000);
      const what = `${fault.kind} of write ${write}`;
      assert.equal(injected.fired, 1, what);
      assert.equal(new Set(post.got.map(({ headers }) => headers["webhook-id"])).size, 2, what);
      assert.ok(post.got.length === 2 || (fault.kind !== "Refused" && post.got.length === 3), `${what}: ${post.got.length} requests`);
      const told = simulation.wishes.runs(RELEASE)[0]?.status?.notifications ?? [];
      assert.deepEqual(
        told.map(({ phase, state }) => `${phase} ${state}`),
        ["Started Sent", "Finished Sent"],
        what,
      );
    }
});

test("a release that is taken back says so, in the Environment's own words, and what they say harms nobody", async () => {
  const RolledBack = "<!channel> {{service}} went back: {{message}} https://evil.example";
  const { simulation, post } = stage({
    notifications: [{ receiver: "slack", phases: ["RolledBack"], templates: { RolledBack } }],
    strategy: { onFailure: "RollBack", waves: [{ name: "all" }], maxConcurrency: 1 },
    behaviours: ({ cluster }, revision) => (cluster === "c1" && revision === A ? stays("Degraded", "<!here> crash & burn") : {}),
  });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(60_000);
  assert.equal(simulation.wishes.phase(RELEASE), "RolledBack");
  assert.equal(post.got.length, 1);
  const [text = ""] = texts(post);
  assert.match(text, /^&lt;!channel&gt; checkout went back: .*&lt;!here&gt; crash &amp; burn.* https:\u200b\/\/evil\.example$/);
});

test("a commit hears the outcome of its release, once as a status and once as a comment", async () => {
  const { simulation, post } = stage({
    notifications: [{ receiver: "github", repository: "acme/{{service}}", comment: true }],
  });
  post.script = ({ method }) => ({ with: method === "GET" ? { status: 200, body: "[]" } : { status: 201 } });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(60_000);
  assert.deepEqual(
    post.got.map(({ method, url, body }) => [method, url, body?.["state"] ?? "", body?.["context"] ?? ""]),
    [
      ["POST", `https://api.github.com/repos/acme/checkout/statuses/${A}`, "pending", "conductor/team-a/checkout.production"],
      ["POST", `https://api.github.com/repos/acme/checkout/statuses/${A}`, "success", "conductor/team-a/checkout.production"],
      ["POST", `https://api.github.com/repos/acme/checkout/commits/${A}/comments`, "", ""],
    ],
  );
});

test("a release of no commit tells none, and its delivery says why; the annotation names one, as it was when the run was made", async () => {
  const environment = { revision: "Tag", notifications: [{ receiver: "github", repository: "acme/checkout", phases: ["Finished"] }] };
  const { simulation, post } = stage();
  simulation.wishes.editEnvironment("production", { spec: environment });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, "v1");
  await finished(simulation);
  await simulation.settle(60_000);
  assert.deepEqual(post.got, []);
  assert.match(
    deliveries(simulation.wishes.runs(RELEASE)[0])[0] ?? "",
    /^github Finished Failed 0 the run knows no commit: .*conductor\.dev\/commit/,
  );

  simulation.wishes.annotate(RELEASE, { "conductor.dev/commit": B });
  simulation.wishes.apply(RELEASE, "v2");
  await simulation.settle(2000);
  simulation.wishes.annotate(RELEASE, { "conductor.dev/commit": A });
  await finished(simulation);
  await simulation.settle(60_000);
  assert.equal(simulation.wishes.runs(RELEASE)[1]?.spec.commit, B);
  assert.deepEqual(
    post.got.map(({ url }) => url),
    [`https://api.github.com/repos/acme/checkout/statuses/${B}`],
  );
});

test("nobody is told of what was before they were named, after an upgrade, a restart and a change of the Environment", async () => {
  const { simulation, post } = stage();
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(2000);
  simulation.wishes.editEnvironment("production", { spec: { notifications: [{ receiver: "slack" }] } });
  await simulation.settle(60_000);
  simulation.crash(1000);
  await simulation.settle(60_000);
  assert.deepEqual(post.got, []);
  simulation.wishes.apply(RELEASE, B);
  await finished(simulation);
  await simulation.settle(60_000);
  assert.equal(post.got.length, 2);
});

test("a receiver that is missing, does not allow the namespace or is malformed is named by the Environment, and the release Succeeds", async () => {
  const { simulation, post } = stage({
    secrets: [
      receiver("other", { type: "Slack", url: "https://hooks.slack.example/x" }, { "conductor.dev/allowed-namespaces": "team-b" }),
      receiver("plain", { type: "Slack", url: "http://hooks.slack.example/x" }),
      GITHUB,
    ],
    notifications: [{ receiver: "nobody" }, { receiver: "other" }, { receiver: "plain" }, { receiver: "github" }],
  });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  assert.equal(simulation.wishes.phase(RELEASE), "Succeeded");
  const { receivers, conditions } = simulation.wishes.environment("production")?.status ?? {};
  assert.deepEqual(
    receivers?.map(({ receiver: name, problem }) => [name, problem]),
    [
      ["nobody", "NotFound"],
      ["other", "NotAllowed"],
      ["plain", "Malformed"],
      ["github", "Malformed"],
    ],
  );
  assert.deepEqual(
    conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    ["Ready=True AllUsable", "ReceiversReady=False NotFound"],
  );
  assert.deepEqual(post.got, []);
  // Put right within the hour, it hears what it has missed.
  simulation.home.handle(
    {
      method: "POST",
      path: pathOf(RESOURCES.secrets, REGISTRY),
      body: receiver("nobody", { type: "Slack", url: "https://hooks.slack.example/y" }),
    },
    "setup",
  );
  await simulation.settle(60_000);
  assert.equal(post.got.length, 1);
});

test("a cluster that is caught up is told to nobody", async () => {
  const { simulation, post } = stage({
    notifications: [{ receiver: "hook" }],
    strategy: { waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }], maxUnreachable: 1 },
  });
  const outage = simulation.faults.outage("c2", { kind: "Down", how: "refused" }, 0, 600_000);
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(60_000);
  outage.end();
  await simulation.settle(600_000);
  assert.deepEqual(
    simulation.wishes.runs(RELEASE).map(({ spec, status }) => [spec.kind, status?.phase]),
    [
      ["Forward", "SucceededWithSkips"],
      ["CatchUp", "Succeeded"],
    ],
  );
  assert.deepEqual(
    post.got.map(({ body }) => body?.["type"]),
    ["release.Started", "release.Finished"],
  );
});

test("each approval that is waited for is told once, though the conductor is restarted meanwhile; and when all is told nothing is written", async () => {
  const { simulation, post } = stage({
    notifications: [{ receiver: "hook", phases: ["WaitingForApproval"] }],
    strategy: {
      waves: [
        { name: "first", clusters: { count: 1 }, gates: [{ approval: { groups: ["g"] } }] },
        { name: "rest", gates: [{ approval: { groups: ["g"] } }] },
      ],
    },
  });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A, {}, "alice");
  for (const wave of [1, 2]) {
    await simulation.runUntil(() => simulation.wishes.questions().length === 1, HOUR);
    await simulation.settle(30_000);
    simulation.crash(1000);
    await simulation.settle(30_000);
    simulation.wishes.decide(`checkout.production-1-w${wave}-g1`, "bob");
  }
  await finished(simulation);
  await simulation.settle(60_000);
  assert.deepEqual(
    post.got.map(({ body }) => objectAt(carried(body), "data")["approval"]),
    ["checkout.production-1-w1-g1", "checkout.production-1-w2-g1"],
  );
  const count = (): number => simulation.writes.filter(({ who }) => who === CONDUCTOR).length;
  const before = count();
  await simulation.settle(2 * HOUR);
  assert.equal(count(), before);
});

test("what a receiver needs to be reached is in nothing that the conductor writes", async () => {
  const { simulation, post } = stage({
    notifications: [{ receiver: "slack" }, { receiver: "hook" }, { receiver: "github", repository: "a/b" }],
  });
  post.script = (_, count) => ({ with: count % 2 === 0 ? { status: 500, body: "canary" } : { status: 404, body: "canary" } });
  await simulation.settle(5000);
  simulation.wishes.apply(RELEASE, A);
  await finished(simulation);
  await simulation.settle(2 * HOUR);
  const written = JSON.stringify(simulation.writes.filter(({ who }) => who === CONDUCTOR));
  assert.ok(written.includes("NotificationFailed"));
  for (const secret of ["canary", "hooks.slack.example", "hook.example", "sixteen bytes"]) assert.ok(!written.includes(secret), secret);
});
