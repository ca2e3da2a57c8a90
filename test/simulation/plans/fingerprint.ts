import { createHash } from "node:crypto";
import { CONDUCTOR, type Simulation } from "#simulation/simulation.ts";

/** What the conductor did and when, as a hash: a fault counts only when it changes this. */
export function fingerprint({ calls, writes }: Simulation): string {
  const hash = createHash("sha256");
  for (const { id, at, outcome } of calls) hash.update(`${id} ${at} ${outcome}\n`);
  for (const { who, at, server, resource, key, verb } of writes)
    if (who === CONDUCTOR) hash.update(`${at} ${server} ${verb} ${resource} ${key}\n`);
  return hash.digest("hex");
}
