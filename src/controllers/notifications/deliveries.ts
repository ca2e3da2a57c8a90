import { cut, stamp } from "#api/conditions.ts";
import type { Delivery, Notification } from "#api/notifications.ts";
import { LIMITS } from "#api/rules.ts";
import type { SendResult } from "#notify/outcome.ts";
import type { UsableReceiver } from "#notify/receiver.ts";
import { isRepeatable } from "#notify/send.ts";
import type { Found } from "./found.ts";
import type { Happening } from "./happenings.ts";

/** What becomes of the messages of one run: pure, so that a crash at any place between two of them can be tried. */

/** How long it is tried to tell of something, from when it happened; and how old what is told first may be. Milliseconds. */
export const GIVE_UP = 3_600_000;
/** Between two attempts, in milliseconds. */
export const PAUSE = { base: 5000, cap: 300_000 };
/** For how a run ends there is always room. */
const MOST_BEFORE_END = LIMITS.deliveries - LIMITS.receivers;

/** Somebody who is to be told of a run. */
export interface Addressee {
  readonly entry: Notification;
  /** Since when the Environment is known to name it; undefined where that is not stored yet. Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly found: Found;
  /** Why it can never be told of this run, in a sentence. */
  readonly objection: string | undefined;
  /** Whether a message to it of this run is under way in this process. */
  readonly busy: boolean;
  /** Whether it may be sent something now: its host is asked for few things at once. */
  readonly free: boolean;
  /** What is told; nothing of what a newer run has overtaken. */
  readonly happenings: readonly Happening[];
}

/** A message that may go out as soon as its claim is stored. */
export interface Claim {
  readonly receiver: UsableReceiver;
  readonly entry: Notification;
  readonly happening: Happening;
  readonly delivery: Delivery;
}

export interface Plan {
  readonly deliveries: readonly Delivery[];
  readonly claims: readonly Claim[];
  /** What this plan ends without sending it. */
  readonly ended: readonly Delivery[];
  /** Receivers that must be free first. */
  readonly waits: readonly string[];
  /** When to look again, milliseconds since the epoch. */
  readonly again: number | undefined;
}

/** The name of one message within its run. */
export function identity({ receiver, phase, subject }: Pick<Delivery, "receiver" | "phase" | "subject">): string {
  return [receiver, phase, subject ?? ""].join(" ");
}

/** `retryAt` says when a message is tried again, where this process knows. */
export function plan(
  stored: readonly Delivery[],
  addressees: readonly Addressee[],
  retryAt: (delivery: Delivery) => number | undefined,
  now: number,
): Plan {
  const known = new Map(stored.map((one) => [identity(one), one]));
  const open = new Set(stored.filter(isOpen).map(identity));
  const claims: Claim[] = [];
  const ended: Delivery[] = [];
  const waits: string[] = [];
  let again = Infinity;
  const put = (delivery: Delivery): void => void known.set(identity(delivery), delivery);
  const close = (delivery: Delivery, state: "Failed" | "Unknown", message: string): void => {
    const closed = { ...delivery, state, at: stamp(now), message: cut(message, LIMITS.deliveryMessage) };
    put(closed);
    ended.push(closed);
  };

  for (const addressee of addressees) {
    let { busy } = addressee;
    const { entry, found } = addressee;
    for (const happening of addressee.happenings) {
      const base = baseOf(entry, happening);
      const before = known.get(identity(base));
      open.delete(identity(base));
      const step = next(before, addressee, happening, busy, retryAt, now);
      switch (step.kind) {
        case "Nothing":
          break;
        case "Later":
          again = Math.min(again, step.at);
          break;
        case "End":
          close(before ?? base, step.state, step.message);
          break;
        case "Send": {
          if (found.kind !== "Usable") break;
          if (!addressee.free) {
            waits.push(entry.receiver);
            break;
          }
          if (before === undefined && happening.outcome === undefined && known.size >= MOST_BEFORE_END) break;
          const attempts = (before?.attempts ?? 0) + 1;
          const delivery: Delivery = { ...base, state: "Sending", attempts, at: stamp(now), message: "it is being sent" };
          put(delivery);
          claims.push({ receiver: found.receiver, entry, happening, delivery });
          busy = true;
        }
      }
    }
    // What is under way here is waited for.
    if (addressee.busy)
      for (const one of stored) if (one.receiver === entry.receiver && one.state === "Sending") open.delete(identity(one));
  }
  for (const id of open) {
    const left = known.get(id);
    if (left === undefined) continue;
    const isNamed = addressees.some(({ entry }) => entry.receiver === left.receiver);
    const why = isNamed ? "it was overtaken before it could be told" : "the Environment does not name the receiver any more";
    close(left, left.state === "Sending" ? "Unknown" : "Failed", `${why}; before that: ${left.message}`);
  }
  return { deliveries: [...known.values()], claims, ended, waits, again: again === Infinity ? undefined : again };
}

type Step =
  | { readonly kind: "Nothing" }
  | { readonly kind: "Later"; readonly at: number }
  | { readonly kind: "End"; readonly state: "Failed" | "Unknown"; readonly message: string }
  | { readonly kind: "Send" };

const NOTHING: Step = { kind: "Nothing" };

/** What is next for one message, the first that applies. */
function next(
  before: Delivery | undefined,
  { entry, since, found, objection, busy: isUnderWay }: Addressee,
  { phase, at }: Happening,
  busy: boolean,
  retryAt: (delivery: Delivery) => number | undefined,
  now: number,
): Step {
  const isWanted = entry.phases?.includes(phase) ?? true;
  if (before === undefined) {
    if (!isWanted || since === undefined || at < since || now - at > GIVE_UP) return NOTHING;
    if (found.kind === "Problem") return NOTHING;
    if (objection !== undefined) return { kind: "End", state: "Failed", message: objection };
    return busy ? NOTHING : { kind: "Send" };
  }
  switch (before.state) {
    case "Sent":
    case "Failed":
    case "Unknown":
      return NOTHING;
    case "Sending":
      if (isUnderWay) return NOTHING;
      if (found.kind === "Problem" || !isRepeatable(found.receiver.type))
        return {
          kind: "End",
          state: "Unknown",
          message: "the conductor was stopped while it was sent: it is not sent again, lest it come twice",
        };
      return busy ? NOTHING : { kind: "Send" };
    case "Retrying": {
      if (now - at > GIVE_UP)
        return { kind: "End", state: "Failed", message: `given up after ${several(before.attempts)}: ${before.message}` };
      const due = retryAt(before) ?? Date.parse(before.at) + pauseAfter(before.attempts);
      if (due > now) return { kind: "Later", at: due };
      if (found.kind === "Problem") return { kind: "Later", at: now + PAUSE.cap };
      return busy ? NOTHING : { kind: "Send" };
    }
  }
}

/** What one attempt has made of a message. */
export function settled(delivery: Delivery, { type }: Pick<UsableReceiver, "type">, result: SendResult, now: number): Delivery {
  const at = stamp(now);
  switch (result.kind) {
    case "Sent":
      return { ...delivery, at, state: "Sent", message: cut(result.message, LIMITS.deliveryMessage) };
    case "Refused":
      return { ...delivery, at, state: "Failed", message: cut(result.message, LIMITS.deliveryMessage) };
    case "NotNow":
      return { ...delivery, at, state: "Retrying", message: cut(result.message, LIMITS.deliveryMessage) };
    case "Unknown":
      if (isRepeatable(type)) return { ...delivery, at, state: "Retrying", message: cut(result.message, LIMITS.deliveryMessage) };
      return {
        ...delivery,
        at,
        state: "Unknown",
        message: cut(`${result.message}: it may have arrived, and is not sent again`, LIMITS.deliveryMessage),
      };
  }
}

/** The longest pause after so many attempts, in milliseconds. */
function pauseAfter(attempts: number): number {
  return Math.min(PAUSE.cap, PAUSE.base * 2 ** Math.min(attempts - 1, 30));
}

/** Whether something may still become of a message. */
export function isOpen({ state }: Delivery): boolean {
  return state === "Sending" || state === "Retrying";
}

function baseOf({ receiver }: Notification, { phase, subject }: Happening): Delivery {
  const named = subject === undefined ? {} : { subject };
  return { receiver, phase, ...named, state: "Sending", attempts: 0, at: "", message: "" };
}

function several(attempts: number): string {
  return `${attempts} attempt${attempts === 1 ? "" : "s"}`;
}
