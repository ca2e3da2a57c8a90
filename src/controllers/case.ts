import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Wish } from "#engine/next.ts";
import type { Coverage, Refusal } from "./coverage.ts";
import type { Requests } from "./requests.ts";

/** What is known of a release while it is worked on. */
export interface Case {
  readonly key: string;
  readonly release: ServiceRelease;
  readonly wish: Wish;
  /** Its runs, oldest first. */
  readonly runs: readonly ReleaseRun[];
  readonly requests: Requests;
  readonly covered: Coverage | Refusal;
  readonly signal: AbortSignal;
}
