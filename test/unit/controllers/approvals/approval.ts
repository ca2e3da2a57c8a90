import assert from "node:assert/strict";
import { releaseApproval, type ApprovalSpec, type ApprovalStatus, type ReleaseApproval } from "#api/releaseapproval.ts";
import { newApproval } from "#controllers/approvals/build.ts";
import { Plans, type HashedRun } from "#controllers/approvals/plan.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { plannedWave, run, T0, type RunShape } from "#test/build.ts";

/** Needs two approvals within a day. */
export const GATE = { count: 2, expiresAfterSeconds: 86_400 } as const;

export function hashed(run: ReleaseRun): HashedRun {
  return new Plans().hashed(run);
}

/** A run whose only wave asks people first. */
export function asking(shape: RunShape = {}): HashedRun {
  return hashed(run({ waves: [plannedWave("rest", { gates: [{ approval: GATE }] })], ...shape }));
}

/** As the API server holds what `by` asks at T0, with what people have decided. */
export function approval(
  by: HashedRun,
  decisions: NonNullable<ApprovalSpec["decisions"]> = {},
  { author = "carol", status }: { readonly author?: string; readonly status?: ApprovalStatus } = {},
): ReleaseApproval {
  const { metadata, spec, ...kind } = newApproval(by, { purpose: "Wave", wave: 0, gate: 0 }, T0) ?? assert.fail("the run has no such gate");
  const stored = { ...metadata, uid: "a1", resourceVersion: "7", generation: 3 };
  return releaseApproval.parse({
    ...kind,
    metadata: stored,
    spec: { ...spec, author, decisions },
    ...(status === undefined ? {} : { status }),
  });
}
