import { createHash } from "node:crypto";
import type { ReleaseRun } from "#api/releaserun.ts";

/** A run, and what its approvals are bound to besides its UID. */
export interface HashedRun {
  readonly run: ReleaseRun;
  readonly planHash: string;
}

/** Hashes all that is planned: once for each run, since a plan does not change. */
export class Plans {
  readonly #hashes = new WeakMap<ReleaseRun["spec"], string>();

  hashed(run: ReleaseRun): HashedRun {
    const planHash = this.#hashes.get(run.spec) ?? sha256(canonical(run.spec));
    this.#hashes.set(run.spec, planHash);
    return { run, planHash };
  }
}

/** 64 hex digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** JSON in which the order of an object's fields says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
