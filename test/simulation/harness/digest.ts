import { createHash } from "node:crypto";
import { Simulation } from "#simulation/simulation.ts";
import { production } from "./atonce.ts";
import { commit } from "#simulation/scenario.ts";

/** One release through three clusters with a crash in it, as a hash of all that happened. */
export async function digest(seed: string): Promise<string> {
  const clusters = ["eu-west-1", "us-east-1", "ap-south-1"].map((name) => ({ name }));
  const simulation = new Simulation({ seed, clusters, environments: [production], latency: { jitter: 4 } });
  simulation.faults.call(({ verb }) => verb === "PATCH", { kind: "CrashAfter", restartAfter: 2000 });
  simulation.wishes.apply("checkout.production", commit("a"));
  await simulation.runUntil(() => simulation.wishes.finished("checkout.production"), 600_000);
  return createHash("sha256").update(simulation.transcript()).digest("hex");
}

if (import.meta.main) console.log(await digest(process.argv[2] ?? ""));
