import type { Connected, Terminal, Where } from "#cli/terminal.ts";
import { run } from "#cli/program.ts";
import { Wrong } from "#cli/wrong.ts";
import { Connection, NEAR } from "#simulation/connection.ts";
import { TEAM } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const nowhere = {
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  interrupted: new AbortController().signal,
  contexts: () => Promise.resolve(["blue", "green"]),
  connect,
} as const;

function connect(): Promise<Connected> {
  return Promise.reject(new Wrong("no kubeconfig was found"));
}

/** Runs `conductor` with these arguments, in a log of 80 columns that no time passes in. */
export async function conductor(...args: readonly string[]): Promise<Said> {
  return captured((terminal) => run(args, terminal), nowhere);
}

/** Runs it against the management cluster of a simulation, in whose time it waits; for two hours at most. */
export async function conductorIn(simulation: Simulation, args: readonly string[], more: Partial<Terminal> = {}): Promise<Said> {
  const { clock, home } = simulation;
  const connected = ({ namespace = TEAM }: Where): Promise<Connected> => {
    const transport = new Connection({ server: home, who: "ci", clock, latency: { ...NEAR }, random: () => 0.5 });
    return Promise.resolve({ transport, namespace, server: "management:6443" });
  };
  let done = false;
  const said = captured((terminal) => run(args, terminal), { ...nowhere, clock, connect: connected, ...more }).finally(() => (done = true));
  await simulation.runUntil(() => done, 7_200_000);
  if (!done) throw new Error(`conductor ${args.join(" ")} did not end within two hours of the simulation`);
  return said;
}

async function captured(
  act: (terminal: Terminal) => Promise<number>,
  more: Pick<Terminal, "clock" | "interrupted" | "connect" | "contexts">,
): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await act({
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    env: {},
    now: () => 0,
    ...more,
  });
  return { code, out: out.join(""), err: err.join("") };
}
