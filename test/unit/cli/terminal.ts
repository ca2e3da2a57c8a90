import { connectAsKubectl } from "#cli/connect.ts";
import type { Connected, Input, Terminal, Where } from "#cli/terminal.ts";
import { run } from "#cli/program.ts";
import { Wrong } from "#cli/wrong.ts";
import { systemClock } from "#kube/clock.ts";
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
  input: undefined,
} as const;

function connect(): Promise<Connected> {
  return Promise.reject(new Wrong("no kubeconfig was found"));
}

/** Runs `conductor` with these arguments, in a log of 80 columns that no time passes in. */
export async function conductor(...args: readonly string[]): Promise<Said> {
  return captured((terminal) => run(args, terminal), nowhere);
}

/** Runs it in real time, against the API servers that its --kubeconfig leads to. */
export function conductorOn(args: readonly string[], more: Partial<Terminal> = {}): Promise<Said> {
  const real = { ...nowhere, clock: systemClock, connect: (where: Where) => connectAsKubectl(where, systemClock) };
  return captured((terminal) => run(args, terminal), { ...real, ...more });
}

/** Whose credential a command finds. */
export function as({ clock, home }: Simulation, who: string): Pick<Terminal, "connect"> {
  const connectTo = ({ namespace = TEAM }: Where): Promise<Connected> => {
    const transport = new Connection({ server: home, who, clock, latency: { ...NEAR }, random: () => 0.5 });
    return Promise.resolve({ transport, namespace, server: "management:6443" });
  };
  return { connect: connectTo };
}

/** Somebody at a terminal who types these lines, and then nothing more; what was asked is in `asked`. */
export function typing(...lines: readonly string[]): { readonly input: Input; readonly asked: string[] } {
  const left = [...lines];
  const asked: string[] = [];
  return { asked, input: { line: (question) => (asked.push(question), Promise.resolve(left.shift())) } };
}

/** Runs it against the management cluster of a simulation, in whose time it waits; for two hours at most. */
export async function conductorIn(simulation: Simulation, args: readonly string[], more: Partial<Terminal> = {}): Promise<Said> {
  const { clock } = simulation;
  let done = false;
  const said = captured((terminal) => run(args, terminal), { ...nowhere, clock, ...as(simulation, "ci"), ...more }).finally(
    () => (done = true),
  );
  await simulation.runUntil(() => done, 7_200_000);
  if (!done) throw new Error(`conductor ${args.join(" ")} did not end within two hours of the simulation`);
  return said;
}

async function captured(
  act: (terminal: Terminal) => Promise<number>,
  more: Pick<Terminal, "clock" | "interrupted" | "connect" | "contexts" | "input">,
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
