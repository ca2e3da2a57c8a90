import type { PlannedGate } from "#api/releaserun.ts";

type Gate = Pick<NonNullable<PlannedGate["approval"]>, "count" | "groups" | "users" | "serviceAccounts">;

/** By which the API server knows a ServiceAccount, before <namespace>:<name>. */
const MACHINE = "system:serviceaccount:";

/**
 * Why an approval gate would let through what its author alone wants, or nobody could open it, with the remedy; undefined where it
 * is safe. `author` is who released, undefined where that is not known: the admission policies let only a ServiceAccount be unknown.
 */
export function unsafe({ count, groups = [], users = [], serviceAccounts = [] }: Gate, author: string | undefined): string | undefined {
  const machines = serviceAccounts.map((name) => MACHINE + name.replace("/", ":"));
  const others = new Set([...users, ...machines].filter((name) => name !== author));
  if (author === undefined && machines.length > 0)
    return "who has released is not known, and may be one of the gate's approval.serviceAccounts: write the annotation conductor.dev/author with the release's spec, or take them out";
  if ((author === undefined || author.startsWith(MACHINE)) && groups.length === 0 && others.size === 0) {
    const who = author === undefined ? "it is not known who has released" : `a ServiceAccount has released (${author})`;
    return `${who}, so the gate must say who approves: name them in approval.groups or approval.users of the Environment's wave`;
  }
  if (groups.length > 0 || users.length + machines.length === 0 || others.size >= count) return undefined;
  const left = `${others.size} of those it names may approve what ${author ?? "somebody"} has released`;
  return `the gate needs ${count} approval${count === 1 ? "" : "s"}, and ${left}: name more in approval.users or approval.serviceAccounts of the Environment's wave, or approval.groups`;
}
