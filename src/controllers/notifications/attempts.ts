import type { Delivery } from "#api/notifications.ts";
import { backoff } from "#kube/backoff.ts";
import type { Random } from "#kube/ports.ts";
import { identity, PAUSE, settled } from "./deliveries.ts";
import type { Flight } from "./flights.ts";

/** What this process knows of attempts beyond what is stored: when the next one is due, and which claims were followed by none. */
export class Attempts {
  readonly #random: Random;
  /** By run, then by message; milliseconds since the epoch. */
  readonly #due = new Map<string, Map<string, number>>();
  /** By run: messages whose claim may be stored, and that were not sent. */
  readonly #unsent = new Map<string, ReadonlySet<string>>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** When a message is tried again, where this process knows. */
  due(run: string, delivery: Delivery): number | undefined {
    return this.#due.get(run)?.get(identity(delivery));
  }

  /** The claims of these were to be stored, and nobody knows whether they are. Nothing was sent. */
  missed(run: string, deliveries: readonly Delivery[]): void {
    this.#unsent.set(run, new Set(deliveries.map(named)));
  }

  /** What is stored, with what has come of it since. */
  apply(run: string, stored: readonly Delivery[], arrived: readonly Flight[], now: number): readonly Delivery[] {
    const news = new Map<string, Delivery>();
    for (const { delivery, receiver, result } of arrived) {
      if (result === undefined) continue;
      const after = settled(delivery, receiver, result, now);
      news.set(identity(delivery), after);
      const retryAfter = result.kind === "NotNow" ? result.retryAfter : undefined;
      if (after.state === "Retrying") this.#plan(run, after, now + backoff(after.attempts - 1, PAUSE, this.#random, retryAfter));
    }
    const unsent = this.#unsent.get(run);
    return stored.map((one) => {
      const known = news.get(identity(one));
      if (known !== undefined || one.state !== "Sending" || unsent?.has(named(one)) !== true) return known ?? one;
      this.#plan(run, one, now);
      return { ...one, state: "Retrying", message: "it was claimed, and not sent" };
    });
  }

  forget(run: string): void {
    this.#due.delete(run);
    this.#unsent.delete(run);
  }

  #plan(run: string, delivery: Delivery, at: number): void {
    const times = this.#due.get(run) ?? new Map<string, number>();
    this.#due.set(run, times.set(identity(delivery), at));
  }
}

/** One attempt of a message. */
function named(delivery: Delivery): string {
  return `${identity(delivery)} ${delivery.attempts}`;
}
