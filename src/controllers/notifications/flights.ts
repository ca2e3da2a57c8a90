import type { Delivery } from "#api/notifications.ts";
import type { SendResult } from "#notify/outcome.ts";
import type { UsableReceiver } from "#notify/receiver.ts";
import { identity } from "./deliveries.ts";

/** A message that was sent, until what came of it is stored. */
export interface Flight {
  readonly delivery: Delivery;
  readonly receiver: UsableReceiver;
  /** Undefined while it is under way. */
  result: SendResult | undefined;
}

/** How many messages may be under way to one receiver: its host is not to be flooded, and one that hangs holds no more than these. */
const AT_ONCE = 2;

/** What this process has under way: one message at a time of each run to each receiver, and few at once to a receiver. */
export class Flights {
  /** By run, then by the message. */
  readonly #byRun = new Map<string, Map<string, Flight>>();
  readonly #sending = new Set<Promise<void>>();
  readonly #underWay = new Map<string, number>();
  readonly #waiting = new Map<string, Set<string>>();
  readonly #wake: (run: string) => void;

  /** `wake` is called when a run may look again: its message has ended, or a receiver that it waits for is free. */
  constructor(wake: (run: string) => void) {
    this.#wake = wake;
  }

  /** Runs with messages that are under way, or of which it is not stored what came of them. */
  runs(): readonly string[] {
    return [...this.#byRun.keys()];
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending);
  }

  of(run: string): readonly Flight[] {
    return [...(this.#byRun.get(run)?.values() ?? [])];
  }

  isFree(receiver: string): boolean {
    return (this.#underWay.get(receiver) ?? 0) < AT_ONCE;
  }

  waitFor(receiver: string, run: string): void {
    if (this.isFree(receiver)) return this.#wake(run);
    this.#waiting.set(receiver, (this.#waiting.get(receiver) ?? new Set()).add(run));
  }

  /** Takes a place, before the claim is stored. */
  reserve(receiver: string): void {
    this.#underWay.set(receiver, (this.#underWay.get(receiver) ?? 0) + 1);
  }

  /** Gives a place back. */
  leave(receiver: string): void {
    const left = (this.#underWay.get(receiver) ?? 1) - 1;
    if (left > 0) this.#underWay.set(receiver, left);
    else this.#underWay.delete(receiver);
    const waiting = this.#waiting.get(receiver);
    this.#waiting.delete(receiver);
    for (const run of waiting ?? []) this.#wake(run);
  }

  /** A message goes out in a place that was reserved; what comes of it stays here until it is stored. */
  begin(run: string, delivery: Delivery, receiver: UsableReceiver, sending: Promise<SendResult>): void {
    const flight: Flight = { delivery, receiver, result: undefined };
    const flights = this.#byRun.get(run) ?? new Map<string, Flight>();
    this.#byRun.set(run, flights.set(identity(delivery), flight));
    const ending = sending.then((result) => {
      flight.result = result;
      this.#sending.delete(ending);
      this.leave(delivery.receiver);
      this.#wake(run);
    });
    this.#sending.add(ending);
  }

  /** What came of it is stored, or its run is gone. */
  end(run: string, flight: Flight): void {
    const flights = this.#byRun.get(run);
    const id = identity(flight.delivery);
    if (flights?.get(id) === flight) flights.delete(id);
    if (flights?.size === 0) this.#byRun.delete(run);
  }
}
