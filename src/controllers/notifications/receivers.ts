import { cut, stamp, type Wanted } from "#api/conditions.ts";
import type { Environment } from "#api/environment.ts";
import type { ReceiverStatus } from "#api/notifications.ts";
import type { Receivers } from "#notify/receivers.ts";
import { found } from "./found.ts";

/** What an Environment says of those that it names. None of it holds a release up. */

/** Undefined where it names nobody. */
export function receiversOf(
  { metadata, spec, status }: Environment,
  receivers: Receivers,
  now: number,
): readonly ReceiverStatus[] | "NotRead" | undefined {
  const { notifications } = spec;
  if (notifications === undefined) return undefined;
  if (!receivers.synced) return "NotRead";
  // An Environment that was never looked at names them since it was made; in another the entry is new.
  const first = (status === undefined ? metadata.creationTimestamp : undefined) ?? stamp(now);
  return notifications.map((entry): ReceiverStatus => {
    const before = status?.receivers?.find(({ receiver }) => receiver === entry.receiver);
    const one = found(entry, metadata.namespace, receivers.get(entry.receiver));
    const since = before?.since ?? first;
    if (one.kind === "Usable") return { receiver: entry.receiver, since };
    return { receiver: entry.receiver, since, problem: one.problem, message: cut(one.message) };
  });
}

export function receiversCondition(receivers: readonly ReceiverStatus[] | undefined): Wanted<"ReceiversReady"> | Record<never, never> {
  if (receivers === undefined) return {};
  const problems = receivers.filter(({ problem }) => problem !== undefined);
  const [first] = problems;
  if (first?.problem === undefined) return { ReceiversReady: { status: true, reason: "AllUsable", message: "every receiver can be told" } };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return { ReceiversReady: { status: false, reason: first.problem, message: `${first.receiver}: ${first.message ?? ""}${more}` } };
}
