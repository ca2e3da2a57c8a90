import { collection } from "#kube/paths.ts";
import type { Clock, Log, Random, Transport } from "#kube/ports.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import { parseReceiver, RECEIVERS, type Receiver } from "./receiver.ts";

export interface ReceiversParts {
  /** The management cluster. */
  readonly home: Transport;
  /** The conductor's own: Secrets are read nowhere else. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The receivers of this installation; nobody watches them before an Environment names one. */
export class Receivers {
  readonly #parts: ReceiversParts;
  readonly #changed: () => void;
  #watched: ListWatchReflector<Receiver> | undefined;

  /** `changed` is called when any of them did. */
  constructor(parts: ReceiversParts, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
  }

  /** Whether all were read once. Asking begins it. */
  get synced(): boolean {
    this.#watched ??= this.#watch();
    return this.#watched.synced;
  }

  get(name: string): Receiver | undefined {
    return this.#watched?.get(`${this.#parts.namespace}/${name}`);
  }

  async stop(): Promise<void> {
    await this.#watched?.stop();
  }

  #watch(): ListWatchReflector<Receiver> {
    const { home, namespace, clock, random, log } = this.#parts;
    const path = collection({ group: "", version: "v1", plural: "secrets" }, namespace);
    const project = parseReceiver;
    const watched = new ListWatchReflector({ transport: home, path, labelSelector: RECEIVERS, project, clock, random, log });
    watched.onChange(this.#changed);
    return watched;
  }
}
