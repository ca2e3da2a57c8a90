import { connectAsKubectl } from "#cli/connect.ts";
import type { Connected, Input, Terminal, Where } from "#cli/terminal.ts";
import { run } from "#cli/program.ts";
import { Wrong } from "#cli/wrong.ts";
import { systemClock } from "#kube/clock.ts";
import type { KubeRequest, Transport } from "#kube/ports.ts";
import { Connection, NEAR } from "#simulation/connection.ts";
import { Process } from "#simulation/process.ts";
import { refusal, type RefusalStatus } from "#simulation/refusals.ts";
import { TEAM } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { Wire } from "#simulation/wire.ts";
import { Grid } from "#tools/record/grid.ts";

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

/** Whose credential a command finds, and which of its requests are refused. */
export function as(
  { clock, home, faults }: Simulation,
  who: string,
  refused: (request: KubeRequest) => RefusalStatus | undefined = () => undefined,
): Pick<Terminal, "connect"> {
  const connectTo = ({ namespace = TEAM }: Where): Promise<Connected> => {
    const connection = new Connection({ server: home, who, clock, latency: { ...NEAR }, random: () => 0.5 });
    const process = new Process(clock);
    const wire = new Wire({ server: home, connection, process, faults, clock, crash: () => process.kill() });
    const transport: Transport = {
      request: (request, signal) => {
        const status = refused(request);
        return status === undefined ? wire.request(request, signal) : Promise.reject(refusal(status, "injected", request));
      },
      watch: (request, signal) => wire.watch(request, signal),
    };
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

/** Runs it against the management cluster of a simulation, in whose time it waits, and with whose faults; for two hours at most. */
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
  more: Pick<Terminal, "clock" | "interrupted" | "connect" | "contexts" | "input"> & Partial<Terminal>,
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

/** A terminal that people look at. It wraps long lines, and throws at an escape code that none of our commands should write. */
export class Screen {
  readonly isTTY = true;
  readonly columns: number;
  readonly rows: number;
  /** All that was written. */
  raw = "";
  /** Every state in which the cursor was at the beginning of a line. */
  readonly shown: string[] = [];
  readonly #grid: Grid;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#grid = new Grid(columns, rows);
  }

  /** What stands there now, what has scrolled away included; without colours. */
  get text(): string {
    return this.#grid.text;
  }

  write(text: string): void {
    this.raw += text;
    this.#grid.write(text);
    if (text.endsWith("\n") && this.text !== this.shown.at(-1)) this.shown.push(this.text);
  }
}
