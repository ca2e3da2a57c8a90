import { SUBJECTS, type Check, type Level } from "./check.ts";
import { checkFleet } from "./fleet.ts";
import { checkConductor, checkCrds, checkPermissions, checkPolicies, checkServer } from "./installation.ts";
import type { Reading } from "./reading.ts";
import { checkReleases } from "./releases.ts";

/** What doctor says: the document of `-o json`. */
export interface Diagnosis {
  readonly version: 1;
  /** The worst of the checks. */
  readonly result: Level;
  readonly checks: readonly Check[];
}

/** Every check of what was read, by what they look at. */
export function diagnose(reading: Reading): Diagnosis {
  const found = [
    checkServer(reading),
    ...checkCrds(reading),
    checkPolicies(reading),
    ...checkPermissions(reading),
    ...checkConductor(reading),
    ...checkFleet(reading),
    ...checkReleases(reading),
  ];
  const checks = SUBJECTS.flatMap((subject) => found.filter((one) => one.subject === subject));
  const has = (level: Level): boolean => checks.some((one) => one.level === level);
  return { version: 1, result: has("fail") ? "fail" : has("warn") ? "warn" : "ok", checks };
}
