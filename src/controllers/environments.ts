import { isDeepStrictEqual } from "node:util";
import { cut, settle, stamp } from "#api/conditions.ts";
import type { ClusterProblem, Environment, EnvironmentStatus, InstanceStatus } from "#api/environment.ts";
import { LIMITS } from "#api/rules.ts";
import { allows } from "#engine/consent.ts";
import { members } from "#engine/members.ts";
import { fill } from "#engine/template.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { lockedOut } from "./coverage.ts";
import type { Receivers } from "#notify/receivers.ts";
import { Echoes } from "./echoes.ts";
import { expiring, instancesOf, type Expiry, type Serving } from "./environmentinstances.ts";
import { InstanceFacts } from "./instancefacts.ts";
import { receiversCondition, receiversOf } from "./notifications/receivers.ts";
import { ENVIRONMENTS, involved, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";

/** How often a cluster that nobody watches is asked whether it answers, in milliseconds. */
const PROBE_EVERY = 60_000;

/** The condition that is there while a credential has ended or soon will, and says which; releases go on as long as it is taken. */
const EXPIRY = "CredentialsExpire";

interface Problem {
  readonly cluster: string;
  readonly problem: ClusterProblem;
  readonly message: string;
}

/** Keeps each Environment's own account of its clusters. */
export class EnvironmentController {
  readonly #parts: Parts;
  readonly #queue: WorkQueue;
  readonly #echoes: Echoes;
  readonly #facts: InstanceFacts;
  readonly #receivers: Receivers;
  readonly #probed = new Map<string, { readonly at: number; readonly connection: number }>();

  /** `signal` ends what is asked in the background. */
  constructor(parts: Parts, receivers: Receivers, queue: WorkQueue, signal: AbortSignal) {
    this.#parts = parts;
    this.#receivers = receivers;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.environments, queue, parts.clock);
    this.#facts = new InstanceFacts(parts.clock, (key) => queue.add(key), signal);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { environments, fleet, clock } = this.#parts;
    const environment = environments.get(key);
    if (environment === undefined) return this.#echoes.forget(key);
    if (!fleet.synced) return this.#queue.addAfter(key, 100);
    if (!this.#echoes.arrived(key)) return;

    // 1. Who belongs to it, and who of them can be used?
    const covered = members(environment.spec.clusters, fleet.clusters());
    const problems = [
      ...covered.unknown.map(unknown),
      ...covered.clusters.flatMap((name) => this.#problem(name, environment.metadata.namespace)),
    ];

    // 2. Who serves them, and how long will that last?
    const now = clock.now();
    const serving = this.#serving(key, environment, covered.clusters);
    const expiry = expiring(serving, now);

    // 3. Say so, and who of those that it names can be told.
    const instances = instancesOf(environment, serving, now);
    const receivers = receiversOf(environment, this.#receivers, now);
    const status = statusOf(environment, covered.clusters.length + covered.unknown.length, problems, { instances, expiry, receivers }, now);
    if (!isDeepStrictEqual(status, environment.status)) {
      this.#echoes.expect(key, await putStatus(this.#parts.home, ENVIRONMENTS, environment, status, signal));
      this.#tell(environment, expiry);
    }

    // 4. Ask those of whom nobody knows. The answer comes back as a change of the fleet.
    for (const name of covered.clusters) this.#probe(name, signal);
    if (receivers === "NotRead") return this.#queue.addAfter(key, 500);
    const isFresh = covered.clusters.some((name) => this.#isFresh(this.#unreachableSince(name)));
    this.#queue.addAfter(key, isFresh ? this.#parts.settings.contactTime : PROBE_EVERY);
  }

  #problem(name: string, namespace: string): Problem[] {
    const entry = this.#parts.fleet.cluster(name);
    if (entry === undefined) return [unknown(name)];
    if (entry.refusal !== undefined) return [{ cluster: name, problem: "Refused", message: entry.refusal }];
    if (!allows(entry.allowedNamespaces, namespace))
      return [{ cluster: name, problem: "Forbidden", message: lockedOut(namespace, entry.secret) }];
    const reachability = this.#parts.fleet.instance(entry.instance)?.reachability;
    if (reachability?.state !== "Unreachable") return [];
    if (this.#isFresh(reachability.since)) return [];
    return [
      { cluster: name, problem: "Unreachable", message: `${entry.instance === name ? "" : `${entry.instance}: `}${reachability.message}` },
    ];
  }

  /** The instances of the clusters that may be used; and asks those of whom too little is known. */
  #serving(key: string, { metadata, spec }: Environment, clusters: readonly string[]): Serving[] {
    const { fleet } = this.#parts;
    const byInstance = new Map<string, string[]>();
    for (const name of clusters) {
      const entry = fleet.cluster(name);
      if (entry === undefined || entry.refusal !== undefined || !allows(entry.allowedNamespaces, metadata.namespace)) continue;
      const served = byInstance.get(entry.instance) ?? [];
      served.push(name);
      byInstance.set(entry.instance, served);
    }
    return [...byInstance].map(([name, served]) => {
      const instance = fleet.instance(name);
      const [cluster = ""] = served;
      const where = fill(spec.application.namespace, { cluster, environment: metadata.name, namespace: metadata.namespace });
      return {
        name,
        clusters: served,
        isUnreachable: instance?.reachability.state === "Unreachable" && !this.#isFresh(instance.reachability.since),
        entry: fleet.cluster(name),
        facts: instance === undefined ? undefined : this.#facts.of(instance, where.includes("{{") ? undefined : where, key),
      };
    });
  }

  #tell(environment: Environment, expiry: Expiry | undefined): void {
    const known = environment.status?.conditions?.find(({ type }) => type === EXPIRY);
    if (expiry === undefined || known?.reason === expiry.reason) return;
    this.#parts.events.record(involved(environment), "Warning", `Credential${expiry.reason}`, expiry.message);
  }

  #unreachableSince(name: string): number | undefined {
    const { fleet } = this.#parts;
    const reachability = fleet.instance(fleet.cluster(name)?.instance ?? name)?.reachability;
    return reachability?.state === "Unreachable" ? reachability.since : undefined;
  }

  /** A watch that breaks and is opened again is no news. */
  #isFresh(since: number | undefined): boolean {
    return since !== undefined && this.#parts.clock.now() - since < this.#parts.settings.contactTime;
  }

  /** A request whose answer nobody reads: whether one came is what the fleet takes from it. */
  #probe(name: string, signal: AbortSignal): void {
    const { fleet, clock } = this.#parts;
    const instance = fleet.instance(fleet.cluster(name)?.instance ?? name);
    if (instance === undefined || !instance.idle) return;
    const last = this.#probed.get(instance.name);
    // Of another connection nothing is known yet: that is found out at once.
    if (last?.connection === instance.connection && clock.now() - last.at < PROBE_EVERY / 2) return;
    this.#probed.set(instance.name, { at: clock.now(), connection: instance.connection });
    void instance.client.get("/version", signal).catch(() => undefined);
  }
}

function unknown(cluster: string): Problem {
  return { cluster, problem: "Unknown", message: "no registration has this name: register the cluster, or take it out of the Environment" };
}

interface Told {
  readonly instances: InstanceStatus[];
  readonly expiry: Expiry | undefined;
  readonly receivers: ReturnType<typeof receiversOf>;
}

function statusOf(
  environment: Environment,
  covered: number,
  problems: readonly Problem[],
  { instances, expiry, receivers }: Told,
  now: number,
): EnvironmentStatus {
  const before = environment.status;
  const told = receivers === "NotRead" ? before?.receivers : receivers;
  const count = (problem: ClusterProblem): number => problems.filter((one) => one.problem === problem).length;
  const usable = covered - problems.length;
  const known = new Map((before?.problems ?? []).map((one) => [one.cluster, one]));
  const [first] = problems;
  const reason = first?.problem ?? (covered === 0 ? "NoClusters" : "AllUsable");
  const message =
    first === undefined
      ? covered === 0
        ? "no registration matches"
        : "every cluster can be used"
      : `${first.cluster}: ${first.message}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ""}`;
  const ready = { status: problems.length === 0 && covered > 0, reason, message };
  const generation = environment.metadata.generation;
  return {
    observedGeneration: generation,
    conditions: settle(
      before?.conditions ?? [],
      { Ready: ready, ...(expiry === undefined ? {} : { [EXPIRY]: { status: true, ...expiry } }), ...receiversCondition(told) },
      generation,
      now,
    ),
    clusters: {
      covered,
      usable,
      unknown: count("Unknown"),
      forbidden: count("Forbidden"),
      refused: count("Refused"),
      unreachable: count("Unreachable"),
      summary: `${usable}/${covered}`,
    },
    problems: problems.slice(0, LIMITS.statusClusters).map(({ cluster, problem, message: said }) => {
      const old = known.get(cluster);
      return { cluster, problem, message: cut(said), since: old?.problem === problem ? old.since : stamp(now) };
    }),
    instances,
    ...(told === undefined ? {} : { receivers: [...told] }),
  };
}
