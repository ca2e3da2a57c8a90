import type { PlannedGate } from "#api/releaserun.ts";
import { isServiceAccount } from "./decided.ts";

/** Why nobody but who releases might approve, or nobody could; undefined when a gate does what it is for. */
export function unsafe(
  { count, groups = [], users = [], serviceAccounts = [] }: NonNullable<PlannedGate["approval"]>,
  author: string | undefined,
): string | undefined {
  const isPerson = author !== undefined && !isServiceAccount(author);
  if (!isPerson && groups.length === 0 && users.length === 0)
    return `${author === undefined ? "it is not known who released this" : `${author} released this, for somebody who is not known`}, and might approve it: name approval.groups or approval.users in the Environment`;
  if (groups.length > 0 || (users.length === 0 && serviceAccounts.length === 0)) return undefined;
  const others = [...users, ...serviceAccounts.map((name) => `system:serviceaccount:${name.replace("/", ":")}`)].filter(
    (user) => user !== author,
  );
  if (others.length >= count) return undefined;
  return `it takes ${count} approvals, and without ${author ?? "whoever released"} only ${others.length} may give one: name more of them, or groups`;
}
