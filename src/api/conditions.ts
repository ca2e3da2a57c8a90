import { z } from "zod";
import { LIMITS, timestamp } from "./rules.ts";

/** metav1.Condition, as Kubernetes' API conventions define it; kstatus reads Ready, Reconciling and Stalled. */
export const condition = z.object({
  type: z.string().max(64),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string().max(64),
  message: z.string().max(LIMITS.message),
  observedGeneration: z.int().optional(),
  lastTransitionTime: timestamp,
});
export type Condition = z.infer<typeof condition>;

export const conditions = z
  .array(condition)
  .max(8)
  .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] });

/** What a condition shall say; when it changed is found by comparing with what it said. */
export type Wanted<Type extends string = string> = Readonly<
  Record<Type, { readonly status: boolean; readonly reason: string; readonly message: string }>
>;

/**
 * The conditions of one object, all set in one write. A transition time moves only when the status does.
 *
 * @param now milliseconds since the epoch
 */
export function settle(before: readonly Condition[], wanted: Wanted, generation: number, now: number): Condition[] {
  return Object.entries(wanted).map(([type, { status, reason, message }]) => {
    const text = status ? "True" : "False";
    const old = before.find((one) => one.type === type);
    return {
      type,
      status: text,
      reason,
      message: cut(message),
      observedGeneration: generation,
      lastTransitionTime: old?.status === text ? old.lastTransitionTime : stamp(now),
    };
  });
}

/** Text that fits into a message of a status. */
export function cut(message: string, max: number = LIMITS.message): string {
  return message.length <= max ? message : `${message.slice(0, max - 1)}…`;
}

/** RFC 3339, whole seconds. */
export function stamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
