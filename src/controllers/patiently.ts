import { failed } from "#kube/errors.ts";
import type { WorkQueue } from "#kube/queue.ts";

/** Milliseconds until a key whose object somebody else wrote is worked on again, should its new state not arrive first. */
const AFTER_CONFLICT = 500;

/** Somebody else wrote first: no failure, the decision is made again from what they wrote. */
export function patiently(queue: WorkQueue, reconcile: (key: string) => Promise<void>): (key: string) => Promise<void> {
  return async (key) => {
    try {
      await reconcile(key);
    } catch (error) {
      if (!failed(error, "Conflict", "NotFound", "AlreadyExists")) throw error;
      queue.addAfter(key, AFTER_CONFLICT);
    }
  };
}
