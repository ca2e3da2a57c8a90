import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Sight } from "./sight.ts";

/** 10: no secret in anything that the conductor writes or logs. */

/** What every token of a simulated registration begins with. */
const TOKENS = /token-\w+/;

export function* secrets({ write }: Sight): Iterable<string> {
  if (write.who !== CONDUCTOR || write.after === undefined) return;
  const { name, uid, managedFields: _, ...metadata } = write.after.metadata;
  if (TOKENS.test(JSON.stringify({ ...write.after, metadata: { name, uid, ...metadata } })))
    yield `${write.resource} ${write.key} holds a registration's token`;
}

export function leaked(message: string, fields: unknown): boolean {
  return TOKENS.test(message) || TOKENS.test(said(fields));
}

/** Errors and what else JSON does not carry as a log would show it. */
function said(fields: unknown): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? `${value.message} ${value.stack ?? ""}` : value)) ?? "";
}
