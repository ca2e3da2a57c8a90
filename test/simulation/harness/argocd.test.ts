import assert from "node:assert/strict";
import { test } from "node:test";
import { applicationSet, person, Reverter, type Person } from "#simulation/actors.ts";
import { ApiServer } from "#simulation/apiserver.ts";
import { settled, SimulatedArgoCD, type ArgoParts } from "#simulation/argocd.ts";
import { degradedAfter, healthyAfter, stays, type Behaviour } from "#simulation/behaviour.ts";
import { VirtualClock } from "#simulation/clock.ts";
import { at, textAt, type JsonObject } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import { chance } from "#simulation/random.ts";
import { application, commit, OLD, pathOf, RESOURCES, type ApplicationSpec } from "#simulation/scenario.ts";

/** One Application and its Argo CD: what it shows, as short lines. */

const [A, B, C] = [commit("a"), commit("b"), commit("c")];
const KEY = "argocd/checkout";

class Bench {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly server = new ApiServer("one", this.clock);
  readonly argo: SimulatedArgoCD;
  readonly person: Person;
  /** Each state that differs from the one before: sync and its revision, health, operation, conditions. */
  readonly story: string[] = [];

  constructor(behaviours: Readonly<Record<string, Behaviour>> = {}, app: Partial<ApplicationSpec> = {}, more: Partial<ArgoParts> = {}) {
    const behaviourOf = (revision: string): Behaviour => behaviours[revision] ?? {};
    const body = settled(application({ name: "checkout", ...app }, "c0"), this.clock.now(), () => behaviourOf(app.revision ?? OLD));
    this.server.handle({ method: "POST", path: pathOf(RESOURCES.applications, "argocd"), body }, "setup");
    this.argo = new SimulatedArgoCD({
      server: this.server,
      clock: this.clock,
      chance: chance("argo"),
      behaviours: (_, revision) => behaviourOf(revision),
      ...more,
    });
    this.person = person(this.server, "checkout");
    this.server.onWrite(() => {
      const line = this.line;
      if (this.story.at(-1) !== line) this.story.push(line);
    });
  }

  get app(): JsonObject {
    const found = this.server.find(pathOf(RESOURCES.applications, "argocd", "checkout"));
    return found === undefined ? {} : jsonOf(found);
  }

  status(...path: readonly string[]): unknown {
    return at(this.app, "status", ...path);
  }

  get line(): string {
    const short = (revision: string | undefined): string => revision?.slice(0, 1) ?? "-";
    const conditions = (this.status("conditions") ?? []) as readonly { readonly type: string }[];
    const words = [
      `${short(textAt(this.app, "spec", "source", "targetRevision"))}:`,
      `${this.status("sync", "status")}@${short(textAt(this.app, "status", "sync", "revision"))}`,
      `${this.status("health", "status")}`,
      ...(this.app["operation"] === undefined ? [] : ["operation"]),
      ...(this.status("operationState") === undefined ? [] : [`${this.status("operationState", "phase")}`]),
      ...conditions.map(({ type }) => type),
    ];
    return words.join(" ");
  }

  async pass(ms: number): Promise<readonly string[]> {
    await this.clock.run(() => false, this.clock.now() + ms);
    return this.story.splice(0);
  }
}

test("a new revision is compared, synced by itself in one operation, and looked at once more after it", async () => {
  const bench = new Bench();
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(20_000), [
    "a: Synced@0 Healthy",
    "a: Synced@0 Healthy operation",
    "a: OutOfSync@a Healthy operation",
    "a: OutOfSync@a Healthy operation Running",
    "a: OutOfSync@a Healthy Succeeded",
    "a: Synced@a Progressing Succeeded",
    "a: Synced@a Healthy Succeeded",
  ]);
  assert.deepEqual(bench.argo.deployed(KEY), [A]);
  assert.ok(String(bench.status("reconciledAt")) >= String(bench.status("operationState", "finishedAt")));
  assert.equal(at(bench.app, "status", "sync", "comparedTo", "source", "targetRevision"), A);
});

test("right after an operation, sync and health are still those of before it, and reconciledAt is older than its end", async () => {
  const bench = new Bench();
  bench.person.setRevision(A);
  const ended = (): boolean => bench.status("operationState", "phase") === "Succeeded";
  await bench.clock.run(ended, bench.clock.now() + 60_000);
  assert.equal(bench.status("sync", "status"), "OutOfSync");
  assert.equal(bench.app["operation"], undefined);
  assert.ok(String(bench.status("reconciledAt")) < String(bench.status("operationState", "finishedAt")));
});

test("without auto-sync a new revision is OutOfSync until somebody starts an operation", async () => {
  const bench = new Bench({}, { automated: false });
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(60_000), ["a: Synced@0 Healthy", "a: OutOfSync@a Healthy"]);
  bench.person.sync();
  assert.equal((await bench.pass(10_000)).at(-1), "a: Synced@a Healthy Succeeded");
});

test("D: a revision that renders the same manifests is Synced without any operation", async () => {
  const bench = new Bench({ [A]: { rendersAs: OLD } });
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(60_000), ["a: Synced@0 Healthy", "a: Synced@a Healthy"]);
  assert.deepEqual(bench.argo.deployed(KEY), [OLD]);
});

test("A: manifests that cannot be generated show the requested revision, Unknown, and the old health", async () => {
  const bench = new Bench({ [A]: { comparison: { kind: "Error", message: "unable to resolve" } } });
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(5000), ["a: Synced@0 Healthy", "a: Unknown@a Healthy ComparisonError"]);
  bench.person.setRevision(OLD);
  assert.equal((await bench.pass(5000)).at(-1), "0: Synced@0 Healthy");
});

test("B: an error within its grace time is no word at all", async () => {
  const bench = new Bench({ [A]: { comparison: { kind: "Swallowed" } } });
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(600_000), ["a: Synced@0 Healthy"]);
});

test("C: a project that forbids the source leaves revision and comparison as they were", async () => {
  const bench = new Bench({ [A]: { comparison: { kind: "InvalidSpec", message: "not permitted" } } });
  bench.person.setRevision(A);
  assert.equal((await bench.pass(5000)).at(-1), "a: Unknown@0 Unknown InvalidSpecError");
});

test("a sync that fails is retried as often as its operation says, and then never again by itself", async () => {
  const bench = new Bench({ [A]: { sync: { kind: "Fails", message: "no such namespace" } } });
  bench.person.setRevision(A);
  await bench.pass(30_000);
  assert.match(String(bench.status("operationState", "message")), /no such namespace\. Retrying attempt #\d at/);
  assert.equal(bench.status("operationState", "phase"), "Running");
  await bench.pass(600_000);
  assert.match(String(bench.status("operationState", "message")), /no such namespace \(retried 5 times\)/);
  assert.equal(bench.line, "a: OutOfSync@a Healthy Failed SyncError");
  const started = bench.status("operationState", "startedAt");
  await bench.pass(3_600_000);
  assert.equal(bench.status("operationState", "startedAt"), started);
  bench.person.setRevision(B);
  assert.equal((await bench.pass(20_000)).at(-1), "b: Synced@b Healthy Succeeded");
});

for (const [hook, runs] of [
  ["PreSync", OLD],
  ["PostSync", A],
] as const) {
  test(`a ${hook} hook that fails leaves ${runs === A ? "the new" : "the old"} revision running`, async () => {
    const bench = new Bench({ [A]: { sync: { kind: "HookFails", hook } } }, { syncPolicy: { automated: {}, retry: { limit: 0 } } });
    bench.person.setRevision(A);
    await bench.pass(30_000);
    assert.equal(bench.status("operationState", "phase"), "Failed");
    assert.deepEqual(bench.argo.deployed(KEY), [runs]);
    assert.equal(bench.status("sync", "status"), runs === A ? "Synced" : "OutOfSync");
  });
}

test("what is no longer wanted is OutOfSync until it is pruned, and no reason for another sync", async () => {
  const bench = new Bench({ [A]: { sync: { kind: "NeedsPrune" } } });
  bench.person.setRevision(A);
  const told = await bench.pass(600_000);
  assert.equal(told.at(-1), "a: OutOfSync@a Healthy Succeeded");
  assert.equal(
    told.filter((line) => line.endsWith("operation")).length,
    1 + told.filter((line) => line === "a: OutOfSync@a Healthy operation").length,
  );
  assert.ok(JSON.stringify(bench.status("resources")).includes('"requiresPruning":true'));
  bench.person.sync(A, { prune: true });
  assert.equal((await bench.pass(10_000)).at(-1), "a: Synced@a Healthy Succeeded");
});

test("a sync that hangs holds the slot until somebody terminates it", async () => {
  const bench = new Bench({ [A]: { sync: { kind: "Hangs" } } });
  bench.person.setRevision(A);
  await bench.pass(600_000);
  assert.equal(bench.line, "a: OutOfSync@a Healthy operation Running");
  bench.person.terminate();
  await bench.pass(3000);
  assert.deepEqual([bench.app["operation"], bench.status("operationState", "message")], [undefined, "Operation terminated"]);
});

test("health goes on over time: Degraded for good, for a while, or never Healthy", async () => {
  const bench = new Bench({ [A]: degradedAfter(30_000, 10_000), [B]: degradedAfter(20_000), [C]: stays("Suspended") });
  const health = (lines: readonly string[]): string => [...new Set(lines.slice(4).map((line) => line.split(" ")[2]))].join(" ");
  bench.person.setRevision(A);
  assert.equal(health(await bench.pass(32_500)), "Healthy Progressing Degraded");
  assert.equal(health(["", "", "", "", ...(await bench.pass(20_000))]), "Healthy");
  bench.person.setRevision(B);
  await bench.pass(600_000);
  assert.equal(bench.status("health", "status"), "Degraded");
  assert.equal(bench.status("health", "message"), "a pod crashes");
  bench.person.setRevision(C);
  await bench.pass(60_000);
  assert.equal(bench.status("health", "status"), "Suspended");
  bench.person.setRevision(OLD);
  await bench.pass(60_000);
  assert.equal(bench.line, "0: Synced@0 Healthy Succeeded");
});

test("a change of health alone does not move reconciledAt", async () => {
  const bench = new Bench({ [A]: healthyAfter(20_000) });
  bench.person.setRevision(A);
  await bench.pass(15_000);
  const [before, health] = [bench.status("reconciledAt"), bench.status("health", "status")];
  await bench.pass(15_000);
  assert.deepEqual([health, bench.status("health", "status"), bench.status("reconciledAt")], ["Progressing", "Healthy", before]);
});

test("a resync moves reconciledAt every two to three minutes, and nothing else", async () => {
  const bench = new Bench();
  await bench.pass(1000);
  const seen = new Set<unknown>();
  bench.server.onWrite(() => seen.add(bench.status("reconciledAt")));
  assert.deepEqual(await bench.pass(900_000), ["0: Synced@0 Healthy"].slice(0, 1));
  assert.ok(seen.size >= 5 && seen.size <= 7, `${seen.size}`);
});

test("a refresh that is asked for is served, dropped on demand, and dropped while Argo CD compares", async () => {
  const refresh = { "argocd.argoproj.io/refresh": "normal" };
  for (const refreshWhileComparing of ["dropped", "served"] as const) {
    const bench = new Bench({}, {}, { refreshWhileComparing, timings: { compare: 2000 } });
    await bench.pass(5000);
    const looks: unknown[] = [];
    bench.server.onWrite(({ who }) => who.startsWith("argocd") && looks.push(bench.status("reconciledAt")));
    bench.person.annotate(refresh);
    await bench.pass(5000);
    assert.equal(looks.length, 1);
    assert.equal(at(bench.app, "metadata", "annotations", "argocd.argoproj.io/refresh"), undefined);
    const at1 = bench.status("reconciledAt");
    bench.argo.dropRefresh(KEY);
    bench.person.annotate(refresh);
    await bench.pass(5000);
    assert.deepEqual([bench.status("reconciledAt"), looks.length], [at1, 2]);
    bench.person.annotate(refresh);
    await bench.pass(150);
    bench.person.annotate({ "argocd.argoproj.io/refresh": "hard" });
    await bench.pass(8000);
    assert.equal(new Set(looks.slice(2)).size, refreshWhileComparing === "served" ? 2 : 1, refreshWhileComparing);
  }
});

test("a stopped controller says nothing, and goes on where it was when it starts again", async () => {
  const bench = new Bench();
  bench.person.setRevision(A);
  await bench.clock.run(() => bench.status("operationState", "phase") === "Running", bench.clock.now() + 10_000);
  bench.argo.silent = true;
  bench.story.length = 0;
  assert.deepEqual(await bench.pass(600_000), []);
  bench.argo.silent = false;
  assert.equal((await bench.pass(20_000)).at(-1), "a: Synced@a Healthy Succeeded");
});

test("an Application that is not to be looked at is not looked at", async () => {
  const bench = new Bench();
  bench.person.annotate({ "argocd.argoproj.io/skip-reconcile": "true" });
  bench.person.setRevision(A);
  assert.deepEqual(await bench.pass(600_000), ["0: Synced@0 Healthy", "a: Synced@0 Healthy"]);
  bench.person.annotate({ "argocd.argoproj.io/skip-reconcile": null });
  assert.equal((await bench.pass(20_000)).at(-1), "a: Synced@a Healthy Succeeded");
});

test("in a closed window auto-sync writes nothing but OutOfSync, and an operation of somebody's own waits for it to open", async () => {
  const bench = new Bench();
  bench.argo.setWindow(KEY, "closed");
  bench.person.setRevision(A);
  assert.equal((await bench.pass(600_000)).at(-1), "a: OutOfSync@a Healthy");
  bench.person.sync();
  await bench.pass(30_000);
  assert.deepEqual(
    [bench.status("operationState", "phase"), bench.status("operationState", "message")],
    ["Running", "Sync operation blocked by sync window"],
  );
  bench.argo.setWindow(KEY, "open");
  assert.equal((await bench.pass(30_000)).at(-1), "a: Synced@a Healthy Succeeded");
});

for (const selfHeal of [false, true]) {
  test(`what was changed by hand is OutOfSync, and synced again by itself ${selfHeal ? "with" : "only with"} self-heal`, async () => {
    const bench = new Bench({}, { syncPolicy: { automated: { selfHeal } } });
    bench.person.setRevision(A);
    await bench.pass(10_000);
    bench.argo.drift(KEY);
    await bench.pass(20_000);
    assert.equal(bench.line, selfHeal ? "a: Synced@a Healthy Succeeded" : "a: OutOfSync@a Healthy Succeeded");
  });
}

test("a foreign operation syncs what it names, and auto-sync takes over after it", async () => {
  const bench = new Bench();
  bench.person.sync(B);
  await bench.pass(1200);
  bench.person.setRevision(A);
  await bench.pass(20_000);
  assert.equal(bench.line, "a: Synced@a Healthy Succeeded");
  assert.deepEqual(bench.argo.deployed(KEY), [A]);
});

test("a moving revision is shown as what it resolves to", async () => {
  const bench = new Bench({ main: { resolvesTo: B } });
  bench.person.setRevision("main");
  await bench.pass(20_000);
  assert.deepEqual([bench.status("sync", "status"), bench.status("sync", "revision")], ["Synced", B]);
});

test("several sources have a revision each, and a comparison that fails leaves none", async () => {
  const sources = [
    { repoURL: "https://charts.example", chart: "checkout", targetRevision: "1.0.0" },
    { repoURL: "https://git.example/values", targetRevision: OLD, ref: "values" },
  ];
  const bench = new Bench({ "2.0.0": { comparison: { kind: "Error", message: "no chart" } } }, { sources });
  assert.deepEqual(bench.status("sync", "revisions"), ["1.0.0", OLD]);
  bench.person.patch({ spec: { sources: [{ ...sources[0], targetRevision: "1.1.0" }, sources[1] ?? {}] } });
  await bench.pass(20_000);
  assert.deepEqual([bench.status("sync", "status"), bench.status("sync", "revisions")], ["Synced", ["1.1.0", OLD]]);
  bench.person.patch({ spec: { sources: [{ ...sources[0], targetRevision: "2.0.0" }, sources[1] ?? {}] } });
  await bench.pass(20_000);
  assert.deepEqual([bench.status("sync", "status"), bench.status("sync", "revisions")], ["Unknown", []]);
});

test("an Application that is deleted and made anew is another one, deployed as it is", async () => {
  const bench = new Bench();
  bench.person.setRevision(A);
  await bench.pass(500);
  bench.person.delete();
  const body = application({ name: "checkout", revision: B }, "c0");
  bench.server.handle({ method: "POST", path: pathOf(RESOURCES.applications, "argocd"), body }, "person");
  await bench.pass(20_000);
  assert.equal(bench.line, "b: Synced@b Healthy");
});

test("an ApplicationSet puts back what anybody writes: a few times, or for ever", async () => {
  const bench = new Bench();
  const set = applicationSet(bench.server, "services");
  assert.match(set.uid, /^one-/);
  const reverter = new Reverter({ server: bench.server, clock: bench.clock, application: "checkout", after: 300, times: 2 });
  for (let round = 1; round <= 3; round += 1) {
    bench.person.setRevision(A);
    await bench.pass(5000);
    assert.equal(textAt(bench.app, "spec", "source", "targetRevision"), round < 3 ? OLD : A);
  }
  assert.equal(reverter.times, 2);
  reverter.stop();
});
