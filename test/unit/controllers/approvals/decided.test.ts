import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApprovalSpec } from "#api/releaseapproval.ts";
import { approvalSeen, approvalStatus, type Verdict } from "#controllers/approvals/decided.ts";
import type { ApprovalSeen } from "#engine/gates/seen.ts";
import { R3, T0 } from "#test/build.ts";
import { approval, asking, hashed } from "./approval.ts";

const by = asking();
const APPROVE = { decision: "Approve" } as const;
const reject = (reason: string) => ({ decision: "Reject", reason }) as const;
const DAY = 86_400_000;
const pending = (...have: string[]): ApprovalSeen => ({ kind: "Pending", have, need: 2, expiresAt: T0 + DAY });
const approved = (...names: string[]): ApprovalSeen => ({ kind: "Approved", by: names });

const rows: readonly (readonly [what: string, decisions: ApprovalSpec["decisions"], seconds: number, seen: ApprovalSeen])[] = [
  ["nobody has decided", {}, 0, pending()],
  ["one of two has approved", { bob: APPROVE }, 0, pending("bob")],
  ["as many as it needs have approved, by name", { bob: APPROVE, alice: APPROVE }, 0, approved("alice", "bob")],
  ["more have", { zoe: APPROVE, bob: APPROVE, alice: APPROVE }, 0, approved("alice", "bob", "zoe")],
  ["the author's own approval does not count", { carol: APPROVE, bob: APPROVE }, 0, pending("bob")],
  [
    "one rejection does, whatever others say",
    { alice: APPROVE, bob: APPROVE, zoe: reject("no") },
    0,
    { kind: "Rejected", by: "zoe", reason: "no" },
  ],
  ["of several the first by name is told", { zoe: reject("z"), bob: reject("b") }, 0, { kind: "Rejected", by: "bob", reason: "b" }],
  ["the author's rejection counts", { carol: reject("wrong one") }, 0, { kind: "Rejected", by: "carol", reason: "wrong one" }],
  ["a moment before it expires it is open", { bob: APPROVE }, DAY / 1000 - 1, pending("bob")],
  ["then it has expired", { bob: APPROVE }, DAY / 1000, { kind: "Expired", expiresAt: T0 + DAY }],
  ["what was decided is not undone by time", { alice: APPROVE, bob: APPROVE }, DAY / 500, approved("alice", "bob")],
  ["nor is a rejection", { bob: reject("b") }, DAY / 500, { kind: "Rejected", by: "bob", reason: "b" }],
];
for (const [what, decisions, seconds, seen] of rows)
  test(`an approval on which ${what} is ${seen.kind}`, () => {
    assert.deepEqual(approvalSeen(approval(by, decisions), by, T0 + seconds * 1000), seen);
  });

test("what was asked by another run of that name, or about another plan, was not asked", () => {
  const decided = approval(by, { alice: APPROVE, bob: APPROVE });
  const again = hashed({ ...by.run, metadata: { ...by.run.metadata, uid: "another" } });
  for (const other of [again, asking({ revision: R3 })]) assert.deepEqual(approvalSeen(decided, other, T0), { kind: "Absent" });
  assert.deepEqual(approvalSeen(undefined, by, T0), { kind: "Absent" });
});

test("what was said to have expired has, whatever is written on it later", () => {
  const late = approval(by, { alice: APPROVE, bob: APPROVE }, { status: { phase: "Expired" } });
  assert.deepEqual(approvalSeen(late, by, T0), { kind: "Expired", expiresAt: T0 + DAY });
});

test("a time that cannot be read has passed", () => {
  const broken = approval(by);
  const seen = approvalSeen({ ...broken, spec: { ...broken.spec, expiresAt: "tomorrow" } }, by, T0);
  assert.equal(seen.kind, "Expired");
});

const until = "2026-11-24 10:00 UTC";
const words: readonly (readonly [decisions: ApprovalSpec["decisions"], verdict: Verdict, approvals: string, message: string])[] = [
  [
    { bob: APPROVE },
    { kind: "Pending", have: ["bob"], need: 2, expiresAt: T0 + DAY },
    "1/2",
    `needs 2 approvals, of which it has 1 (bob), until ${until}. To approve: kubectl patch releaseapproval ${approval(by).metadata.name} --namespace team-a --type=merge -p '{"spec":{"decisions":{"<your user name>":{"decision":"Approve"}}}}'`,
  ],
  [{ alice: APPROVE, bob: APPROVE }, { kind: "Approved", by: ["alice", "bob"] }, "2/2", "approved by alice, bob"],
  [{ bob: reject("b") }, { kind: "Rejected", by: "bob", reason: "b" }, "0/2", "rejected by bob: b"],
  [
    { bob: APPROVE, carol: APPROVE },
    { kind: "Expired", expiresAt: T0 + DAY },
    "1/2",
    `it needed 2 approvals, and did not have that until ${until}: another run of the release asks anew`,
  ],
  [{}, { kind: "Void", reason: "the run was aborted" }, "0/2", "nobody waits for it any more: the run was aborted"],
];
for (const [decisions, verdict, approvals, message] of words)
  test(`the status of an approval that is ${verdict.kind} says so, and what that means`, () => {
    assert.deepEqual(approvalStatus(approval(by, decisions), verdict, T0 + 60_000), {
      observedGeneration: 3,
      phase: verdict.kind,
      message,
      approvals,
      ...(verdict.kind === "Pending" ? {} : { decidedAt: "2026-11-23T10:01:00Z" }),
    });
  });

test("what is final stays as it was said first", () => {
  const first = approvalStatus(approval(by, { bob: reject("b") }), { kind: "Rejected", by: "bob", reason: "b" }, T0);
  const later = approval(by, { bob: reject("b") }, { status: first });
  assert.deepEqual(approvalStatus(later, { kind: "Void", reason: "the run was aborted" }, T0 + DAY), first);
});

test("a message is never longer than a status holds", () => {
  const reason = "r".repeat(512);
  const names = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(253, "x"));
  const { message } = approvalStatus(approval(by, {}), { kind: "Approved", by: names }, T0);
  assert.equal(message?.length, 1024);
  assert.ok((approvalStatus(approval(by, {}), { kind: "Rejected", by: names[0] ?? "", reason }, T0).message?.length ?? 0) <= 1024);
});
