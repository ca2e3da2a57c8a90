import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { environment, type Environment, type EnvironmentStatus, type RightName } from "#api/environment.ts";
import { EnvironmentController } from "#controllers/environments.ts";
import { expiring, instancesOf, type Serving } from "#controllers/environmentinstances.ts";
import type { Parts } from "#controllers/parts.ts";
import type { ClusterEntry, Validity } from "#fleet/fleet.ts";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest, Reflector } from "#kube/ports.ts";
import { WorkQueue } from "#kube/queue.ts";
import { Receivers } from "#notify/receivers.ts";
import { FakeClock, FakeLog, noJitter, settle } from "../kube/fakes.ts";
import { FakeFleet } from "./fakes.ts";

const KEY = "team-a/production";
const DAY = 24 * 3_600_000;
/** The moment at which every test begins. */
const NOW = new FakeClock().now();
const at = (days: number): string => `${new Date(NOW + days * DAY).toISOString().slice(0, 19)}Z`;

function production(status?: EnvironmentStatus): Environment {
  return environment.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: { name: "production", namespace: "team-a", uid: "u", resourceVersion: "1", generation: 3 },
    spec: { clusters: [{ selector: { matchLabels: {} } }], application: { targetRevision: "{{revision}}" } },
    status,
  });
}

function entry(name: string, validity?: Partial<Validity>): ClusterEntry {
  const whole = validity === undefined ? undefined : { since: undefined, expiresAt: undefined, ...validity };
  return {
    name,
    secret: `cluster-${name}`,
    labels: {},
    instance: name,
    allowedNamespaces: "*",
    refusal: undefined,
    server: undefined,
    validity: whole,
  };
}

interface Told {
  readonly clusters?: readonly string[];
  readonly down?: true;
  /** Days from now on until its credential ends. */
  readonly ends?: number;
  readonly missing?: readonly RightName[];
}

function serving(name: string, { clusters = [name], down, ends, missing = [] }: Told = {}): Serving {
  return {
    name,
    clusters,
    isUnreachable: down === true,
    entry: entry(name, { ...(ends === undefined ? {} : { expiresAt: NOW + ends * DAY }) }),
    facts: { argocdVersion: "v3.1.4", missingRights: missing },
  };
}

test("an instance is described by what is known of it, and names its clusters where they have other names", () => {
  const home: Serving = { name: "in-cluster", clusters: ["b", "a"], isUnreachable: false, entry: undefined, facts: undefined };
  const eu: Serving = { ...serving("eu", { missing: ["Rollouts"] }), entry: entry("eu", { since: NOW - DAY, expiresAt: NOW + 90 * DAY }) };
  assert.deepEqual(instancesOf(production(), [home, eu], NOW), [
    {
      name: "eu",
      clusters: 1,
      argocdVersion: "v3.1.4",
      credential: { since: at(-1), expiresAt: at(90) },
      missingRights: ["Rollouts"],
    },
    { name: "in-cluster", clusters: 2, serves: ["a", "b"] },
  ]);
});

test("what keeps releases away comes first, then what soon will or may matter, then the rest, each by name", () => {
  const all = [
    serving("fine"),
    serving("ends-late", { ends: 7 }),
    serving("ends-soon", { ends: 6.9 }),
    serving("no-rollouts", { missing: ["Rollouts"] }),
    serving("ended", { ends: 0 }),
    serving("no-applications", { missing: ["Applications", "Rollouts"] }),
    serving("down", { down: true }),
  ];
  assert.deepEqual(
    instancesOf(production(), all, NOW).map(({ name }) => name),
    ["down", "ended", "no-applications", "ends-soon", "no-rollouts", "ends-late", "fine"],
  );
});

test("at most a thousand instances are named, those with a problem among them, and at most two thousand clusters", () => {
  const many = Array.from({ length: 1200 }, (_, n) => serving(`c-${`${n}`.padStart(4, "0")}`, n === 1199 ? { down: true } : {}));
  const found = instancesOf(production(), many, NOW);
  assert.deepEqual([found.length, found[0]?.name, found.at(-1)?.name], [1000, "c-1199", "c-0998"]);
  const names = Array.from({ length: 1500 }, (_, n) => `s-${n}`);
  const hubs = instancesOf(production(), [serving("hub-a", { clusters: names }), serving("hub-b", { clusters: names })], NOW);
  assert.deepEqual(
    hubs.map(({ name, clusters, serves }) => [name, clusters, serves?.length]),
    [
      ["hub-a", 1500, 1500],
      ["hub-b", 1500, 500],
    ],
  );
  assert.ok(production({ instances: hubs }), "the schema takes it");
});

test("until an instance has answered, what was known of it stays", () => {
  const known = { name: "eu", clusters: 1, argocdVersion: "v3.0.0", missingRights: ["AppProjects" as const] };
  const unknown = { ...serving("eu"), entry: undefined, facts: undefined };
  assert.deepEqual(instancesOf(production({ instances: [known] }), [unknown], NOW), [known]);
});

test("credentials that end within a week are told of, the first by name with its Secret; those that have ended before that", () => {
  assert.equal(expiring([serving("a"), serving("b", { ends: 7 })], NOW), undefined);
  assert.deepEqual(expiring([serving("a"), serving("b", { ends: 6 })], NOW), {
    reason: "Expiring",
    message: `b: its credential expires at ${at(6)}: renew it in Secret "cluster-b"`,
  });
  assert.deepEqual(expiring([serving("b", { ends: 6 }), serving("c", { ends: -1 }), serving("a", { ends: 6 })], NOW), {
    reason: "Expired",
    message: `c: its credential expired at ${at(-1)}: renew it in Secret "cluster-c" (and 2 more)`,
  });
});

/** One Environment in an API server in memory, its controller, and two clusters. */
class Scene {
  readonly clock = new FakeClock();
  readonly fleet = new FakeFleet(this.clock, "eu", "us");
  readonly events: string[] = [];
  readonly written: EnvironmentStatus[] = [];
  readonly #queue = new WorkQueue({ name: "environments", workers: 1, clock: this.clock, random: noJitter, log: new FakeLog() });
  #environment = production();

  constructor(context: TestContext) {
    const stop = new AbortController();
    context.after(() => stop.abort());
    for (const name of ["eu", "us"]) {
      this.fleet.at(name).answers["GET"] = () => new KubeFailure("Forbidden", "forbidden");
      this.fleet.at(name).answers["POST"] = () => ({ status: { allowed: true } });
    }
    const environments: Pick<Reflector<Environment>, "get" | "caughtUp" | "relist"> = {
      get: () => this.#environment,
      caughtUp: (_, version) => Number(version) <= Number(this.#environment.metadata.resourceVersion),
      relist: () => undefined,
    };
    const transport = { request: (request: KubeRequest) => this.#put(request), watch: unwatched };
    const parts: Partial<Parts> = {
      home: new KubeClient(transport, { open: () => true }, this.clock, noJitter),
      // The controller uses no more of it.
      environments: environments as Reflector<Environment>,
      fleet: this.fleet,
      events: { record: (_, type, reason, note) => void this.events.push(`${type} ${reason}: ${note}`) },
      clock: this.clock,
      settings: { settleTime: 5000, contactTime: 10_000, graceTime: 600_000, allowAnalysis: new Map() },
    };
    // Nor of the others.
    const receivers = new Receivers(
      { home: transport, namespace: "registry", clock: this.clock, random: noJitter, log: new FakeLog() },
      () => undefined,
    );
    const controller = new EnvironmentController(parts as Parts, receivers, this.#queue, stop.signal);
    void this.#queue.run((key) => controller.reconcile(key, stop.signal), stop.signal);
    this.#queue.add(KEY);
  }

  /** The registration of eu gets a credential that ends then. */
  renew(ends: number): void {
    this.fleet.entries[0] = { ...entry("eu", { since: NOW, expiresAt: ends }), allowedNamespaces: ["team-a"] };
    this.#queue.add(KEY);
  }

  async pass(days: number): Promise<void> {
    await this.clock.pass(days * DAY);
    await settle();
  }

  get condition(): string | undefined {
    const found = this.#environment.status?.conditions?.find(({ type }) => type === "CredentialsExpire");
    return found === undefined ? undefined : `${found.status} ${found.reason}: ${found.message}`;
  }

  get usable(): string | undefined {
    return this.#environment.status?.clusters?.summary;
  }

  async #put({ body }: KubeRequest): Promise<{ readonly status: number; readonly body: unknown }> {
    const { status } = body as { readonly status: EnvironmentStatus };
    this.written.push(status);
    const resourceVersion = `${Number(this.#environment.metadata.resourceVersion) + 1}`;
    // As it comes back from the wire.
    const stored: EnvironmentStatus = JSON.parse(JSON.stringify(status));
    this.#environment = { ...this.#environment, metadata: { ...this.#environment.metadata, resourceVersion }, status: stored };
    this.#queue.add(KEY);
    return { status: 200, body: this.#environment };
  }
}

async function* unwatched(): AsyncGenerator<never, void, undefined> {}

test("an Environment tells what its instances say, once known, and then writes nothing for as long as nothing changes", async (t) => {
  const scene = new Scene(t);
  await scene.pass(1);
  assert.deepEqual(scene.written.at(-1)?.instances, [
    { name: "eu", clusters: 1, missingRights: [] },
    { name: "us", clusters: 1, missingRights: [] },
  ]);
  const writes = scene.written.length;
  assert.ok(writes <= 3, `${writes} writes`);
  await scene.pass(2);
  assert.equal(scene.written.length, writes);
});

test("a credential that soon ends is a condition and one Event, leaves the cluster usable, ends, and is renewed", async (t) => {
  const scene = new Scene(t);
  scene.renew(NOW + 8 * DAY);
  await scene.pass(0.5);
  assert.deepEqual([scene.condition, scene.usable, scene.events], [undefined, "2/2", []]);
  await scene.pass(1);
  const soon = `Expiring: eu: its credential expires at ${at(8)}: renew it in Secret "cluster-eu"`;
  assert.deepEqual([scene.condition, scene.usable, scene.events], [`True ${soon}`, "2/2", [`Warning Credential${soon}`]]);
  await scene.pass(7);
  const over = `Expired: eu: its credential expired at ${at(8)}: renew it in Secret "cluster-eu"`;
  assert.deepEqual([scene.condition, scene.usable, scene.events.slice(1)], [`True ${over}`, "2/2", [`Warning Credential${over}`]]);
  scene.renew(NOW + 90 * DAY);
  await scene.pass(0.01);
  assert.deepEqual([scene.condition, scene.events.length], [undefined, 2]);
});
