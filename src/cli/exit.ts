/**
 * How a command ends, for scripts: what is here is stable. Only `deploy`, `wait` and what else follows a release says anything
 * about it; 2 says that nothing was found out, and that something must be put right first.
 */
export const EXIT = {
  /** It has arrived; or the command has done what it was asked for. */
  arrived: 0,
  /** It has failed, cannot start or was aborted; or what was asked of it was refused. */
  failed: 1,
  /** Wrong flags or names, a right that is missing, no connection. */
  wrong: 2,
  /** It has failed and went back to what was verified before, completely or not. */
  rolledBack: 3,
  /** Somebody wants another revision now. */
  superseded: 4,
  timedOut: 5,
  /** It waits for a person, and that was not to be waited for. */
  waitsForApproval: 6,
  /** The command was interrupted, the release goes on: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];
