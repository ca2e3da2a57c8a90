import { createHash } from "node:crypto";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { wish } from "#engine/identity.ts";

/** Identity of a release: equal wishes have equal hashes. 16 hex digits. */
export function releaseHash(spec: ServiceRelease["spec"]): string {
  return createHash("sha256").update(wish(spec)).digest("hex").slice(0, 16);
}
