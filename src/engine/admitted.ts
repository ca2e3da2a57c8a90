import { isForeign, isLeftover } from "./evidence.ts";
import { sameValues, type Observation } from "./observation.ts";
import type { TargetWrite, Want, WriteKind } from "./world.ts";

/**
 * What becomes of a write once its target was read again: the write that is left to make, "Done" when somebody made
 * it already, "Changed" when the target is no longer what the decision was made on.
 */
export function admitted({ kind, want, over }: TargetWrite, seen: Observation): WriteKind | "Done" | "Changed" {
  if (kind === "Confirm") return "Done";
  if (seen.values === undefined) return "Changed";
  const holds = sameValues(seen.values, want.desired);
  const { values } = seen;
  const asDecided = over.some((one) => sameValues(one, values));
  switch (kind) {
    case "Patch":
      if (holds) return "Done";
      return asDecided ? kind : "Changed";
    case "PatchAndSync":
      // Whoever wrote our values before us may have left out the sync that belongs to them.
      if (holds) return sync(want, seen);
      return asDecided && seen.operation === undefined ? kind : "Changed";
    case "Sync":
      return holds ? sync(want, seen) : "Changed";
    case "Refresh":
      return holds ? kind : "Changed";
    case "PromoteFull":
    case "RetryCanary":
      return holds && seen.operation === undefined ? kind : "Changed";
    case "Terminate":
      return asDecided && isLeftover(seen, want) ? kind : "Changed";
  }
}

function sync(want: Want, seen: Observation): "Sync" | "Done" | "Changed" {
  if (seen.lastOperation?.run === want.tag) return "Done";
  if (seen.operation === undefined) return "Sync";
  return isForeign(seen, want) ? "Changed" : "Done";
}
