import assert from "node:assert/strict";
import type { Terminal } from "#cli/terminal.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { NAME } from "./fleets.ts";
import { conductorIn, type Said } from "./terminal.ts";

/** As a pipeline does it. `meanwhile`: what others do, at so many seconds after. */
export async function deploy(
  simulation: Simulation,
  revision: string,
  flags: readonly string[] = [],
  meanwhile: Readonly<Record<number, () => void>> = {},
  more: Partial<Terminal> = {},
): Promise<Said> {
  for (const [at, act] of Object.entries(meanwhile)) simulation.clock.after(Number(at) * 1000, act);
  return conductorIn(simulation, ["deploy", NAME, "--revision", revision, ...flags], more);
}

export interface Ended {
  readonly outcome: string;
  readonly exitCode: number;
  readonly message: string;
  readonly run: string | null;
}

/** What `-o json` says of the end; its exit code is that of the process. */
export function endOf({ code, out }: Said): Ended {
  const { outcome, exitCode, message, run }: Ended = JSON.parse(out);
  assert.equal(code, exitCode);
  return { outcome, exitCode, message, run };
}
