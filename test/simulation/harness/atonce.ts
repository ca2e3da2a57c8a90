import type { EnvironmentSpec } from "#simulation/scenario.ts";

/** All clusters together and no wait between: what the harness is proved with asks nothing of a strategy. */
export const AT_ONCE = {
  waves: [{ name: "all" }],
  maxConcurrency: "100%",
  minSuccessTime: "0s",
  maxFailures: 0,
  onFailure: "Continue",
  maxUnreachable: 0,
};

export const production: EnvironmentSpec = { name: "production", spec: { strategy: AT_ONCE } };
