const integer = /^(0|[1-9][0-9]*)$/;

/**
 * Whether `seen` is at least as new as `wanted`. Both must come from one collection of one server: there they are
 * comparable as integers of any size (KEP-5504, Kubernetes 1.35). What is not an integer is only ever equal.
 */
export function atLeast(seen: string, wanted: string): boolean {
  if (seen === wanted) return true;
  if (!integer.test(seen) || !integer.test(wanted)) return false;
  // Without leading zeros the longer one is greater, and equal lengths compare as text: no BigInt per event.
  return seen.length === wanted.length ? seen > wanted : seen.length > wanted.length;
}
