import { object } from "#test/scene/people.ts";

/** What a run of carol asks. */
export const QUESTION = {
  run: { name: "checkout.production-7", uid: "7d1c", planHash: "0123456789abcdef".repeat(4) },
  purpose: "Wave",
  wave: "rest",
  service: "checkout",
  environment: "production",
  revision: "v2",
  changes: { clusters: ["eu", "us"], clusterCount: 2, from: ["v1"], message: "checkout from v1 to v2 on 2 clusters" },
  author: "carol",
  count: 2,
  expiresAt: "2026-11-24T00:00:00Z",
} as const;

export const REJECT = { decision: "Reject", reason: "not on a Friday" } as const;

/** One more may decide on it, and everything that can be long is. Made before there were policies. */
export function largest(): object {
  const long = (what: string, index: number): string => `${what}-${index}-`.padEnd(253, "x");
  const many = (what: string): string[] => Array.from({ length: 20 }, (_, index) => long(what, index));
  const spec = {
    ...QUESTION,
    ...{ groups: many("group"), users: many("user") },
    serviceAccounts: Array.from({ length: 20 }, (_, index) => `${"n".repeat(63)}/${"s".repeat(200)}${index}`),
    decisions: Object.fromEntries(Array.from({ length: 49 }, (_, index) => [long("user", index), { ...REJECT, reason: "r".repeat(512) }])),
  };
  return object("ReleaseApproval", "largest", spec);
}
