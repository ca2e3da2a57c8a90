import { run } from "#cli/program.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `conductor` with these arguments, in a log of 80 columns that no time passes in. */
export async function conductor(...args: readonly string[]): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, {
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    env: {},
    now: () => 0,
  });
  return { code, out: out.join(""), err: err.join("") };
}
