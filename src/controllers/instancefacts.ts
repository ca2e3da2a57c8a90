import { RIGHT_NAMES, type RightName } from "#api/environment.ts";
import { ARGOCD_NAMESPACE, RIGHTS, type Right } from "#argo/rights.ts";
import type { Projected } from "#argo/read.ts";
import { CONTROLLER, SERVER, versionOf } from "#argo/version.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { Clock } from "#kube/ports.ts";
import { mayI } from "#kube/reviews.ts";

/** How long an answer is good, and how soon one that did not come, or not whole, is asked for again; milliseconds. */
const GOOD = 10 * 60_000;
const SILENT = 60_000;
/** How many instances are asked at once: a thousand need not be known in the same second. */
const AT_ONCE = 8;

/** What an Argo CD instance says about itself when it is asked. */
export interface Facts {
  readonly argocdVersion: string | undefined;
  /** Undefined where the API server does not say. */
  readonly missingRights: readonly RightName[] | undefined;
}

interface Entry {
  facts: Facts | undefined;
  /** The connection over which it was asked. */
  connection: number;
  due: number;
  asking: boolean;
  /** Who is to be told. */
  readonly keys: Set<string>;
}

/**
 * The versions and rights of instances: asked at first contact, over each new connection, and rarely after that; only of who can be
 * reached. All of it is a courtesy: whatever the answers are, releases go on.
 */
export class InstanceFacts {
  readonly #entries = new WeakMap<Instance<Projected>, Map<string, Entry>>();
  readonly #clock: Clock;
  readonly #changed: (key: string) => void;
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  /** `changed` is called with the key of each who has asked for what is another now. */
  constructor(clock: Clock, changed: (key: string) => void, signal: AbortSignal) {
    this.#clock = clock;
    this.#changed = changed;
    this.#signal = signal;
  }

  /**
   * What is known of `instance` with its Applications in `namespace`, which is undefined where that depends on the service. Asks in
   * the background; never throws. Undefined until the first answer.
   */
  of(instance: Instance<Projected>, namespace: string | undefined, key: string): Facts | undefined {
    const entry = this.#entry(instance, namespace ?? "");
    entry.keys.add(key);
    const isDue = entry.connection !== instance.connection || entry.due <= this.#clock.now();
    if (isDue && !entry.asking && instance.reachability.state === "Reachable") void this.#ask(entry, instance, namespace);
    return entry.facts;
  }

  #entry(instance: Instance<Projected>, namespace: string): Entry {
    const entries = this.#entries.get(instance) ?? new Map<string, Entry>();
    this.#entries.set(instance, entries);
    const entry = entries.get(namespace) ?? { facts: undefined, connection: -1, due: 0, asking: false, keys: new Set() };
    entries.set(namespace, entry);
    return entry;
  }

  async #ask(entry: Entry, instance: Instance<Projected>, namespace: string | undefined): Promise<void> {
    entry.asking = true;
    await this.#turn();
    entry.connection = instance.connection;
    const facts = await this.#read(instance, namespace);
    this.#active -= 1;
    this.#waiting.shift()?.();
    entry.asking = false;
    const isWhole = facts !== undefined && (namespace === undefined || facts.missingRights !== undefined);
    entry.due = this.#clock.now() + (isWhole ? GOOD : SILENT);
    if (facts === undefined || this.#signal.aborted) return;
    const isNews = JSON.stringify(facts) !== JSON.stringify(entry.facts);
    entry.facts = facts;
    if (!isNews) return;
    const keys = [...entry.keys];
    entry.keys.clear();
    for (const key of keys) this.#changed(key);
  }

  async #turn(): Promise<void> {
    if (this.#active >= AT_ONCE) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.#active += 1;
  }

  /** Undefined when nobody answered: what was known stays. */
  async #read(instance: Instance<Projected>, namespace: string | undefined): Promise<Facts | undefined> {
    try {
      const argo = [...new Set([namespace ?? ARGOCD_NAMESPACE, ARGOCD_NAMESPACE])];
      const argocdVersion = await this.#version(instance, argo);
      const missing = namespace === undefined ? undefined : await this.#missing(instance, namespace, argo);
      return { argocdVersion, missingRights: missing };
    } catch {
      return undefined;
    }
  }

  async #version(instance: Instance<Projected>, namespaces: readonly string[]): Promise<string | undefined> {
    for (const namespace of namespaces) {
      for (const { resource, name } of [CONTROLLER, SERVER]) {
        try {
          const version = versionOf(await instance.client.get<unknown>(object(resource, namespace, name), this.#signal));
          if (version !== undefined) return version;
        } catch (error) {
          if (!failed(error, "Forbidden", "NotFound", "Invalid")) throw error;
        }
      }
    }
    return undefined;
  }

  async #missing(instance: Instance<Projected>, namespace: string, argo: readonly string[]): Promise<Facts["missingRights"]> {
    const missing = new Set<RightName>();
    for (const right of RIGHTS) {
      const allowed = await this.#allowed(instance, right, namespace, argo);
      if (allowed === undefined) return undefined;
      if (!allowed) missing.add(right.name);
    }
    return RIGHT_NAMES.filter((name) => missing.has(name));
  }

  /** Whether one namespace of those where it may be grants all of its verbs. */
  async #allowed(
    { client }: Instance<Projected>,
    { verbs, resource, where }: Right,
    namespace: string,
    argo: readonly string[],
  ): Promise<boolean | undefined> {
    const places = where === "Everywhere" ? [{}] : (where === "ArgoCD" ? argo : [namespace]).map((one) => ({ namespace: one }));
    let last: boolean | undefined = false;
    for (const place of places) {
      for (const verb of verbs) {
        last = await mayI(client, { verb, ...resource, ...place }, this.#signal);
        if (last !== true) break;
      }
      if (last === true) return true;
    }
    return last;
  }
}
