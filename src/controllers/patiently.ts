import { failed } from "#kube/errors.ts";
import type { WorkQueue } from "#kube/queue.ts";

/** Milliseconds until a key whose object somebody else wrote is worked on again, should its new state not arrive first. */
const AFTER_CONFLICT = 500;
/** After so many refusals in a row nobody else is quicker: our copy is old, and its news is lost. */
const STALE = 4;

/**
 * Somebody else wrote first: no failure, the decision is made again from what they wrote. When that does not arrive at all, `relist` is
 * called: a later event or a bookmark can make a copy look complete in which one is missing.
 */
export function patiently(
  queue: Pick<WorkQueue, "addAfter">,
  reconcile: (key: string) => Promise<void>,
  relist: () => void,
): (key: string) => Promise<void> {
  const conflicts = new Map<string, number>();
  return async (key) => {
    try {
      await reconcile(key);
      conflicts.delete(key);
    } catch (error) {
      if (!failed(error, "Conflict", "NotFound", "AlreadyExists")) throw error;
      const inARow = (conflicts.get(key) ?? 0) + 1;
      if (inARow >= STALE) {
        conflicts.delete(key);
        relist();
      } else conflicts.set(key, inARow);
      queue.addAfter(key, AFTER_CONFLICT);
    }
  };
}
