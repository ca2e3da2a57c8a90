import { globSync } from "node:fs";

export type Tier = "test" | "test:e2e" | "test:full";

interface Suite {
  /** The least task that runs it. */
  readonly tier: Tier | "check";
  /** Files at a time: a server or two belong to each. */
  readonly concurrency: number;
  /**
   * Ends a file's process when its tests and hooks have ended. Node 26.10 may spin for ever in its own cleanup of handles
   * (Environment::CleanupHandles) after sockets were reset, as the fault proxy does.
   */
  readonly forceExit: boolean;
}

/** The folders of test/ and how their files run. A folder with tests that stands nowhere here is an error, never skipped. */
export const SUITES = {
  unit: { tier: "check", concurrency: 2, forceExit: false },
  simulation: { tier: "test", concurrency: 2, forceExit: false },
  integration: { tier: "test", concurrency: 2, forceExit: true },
  e2e: { tier: "test:e2e", concurrency: 1, forceExit: true },
} as const satisfies Readonly<Record<string, Suite>>;
export type SuiteName = keyof typeof SUITES;

export function filesOf(suite: string, root: string): string[] {
  return globSync(`test/${suite}/**/*.test.ts`, { cwd: root }).sort();
}

/** One sentence for each test file that no suite runs. */
export function unowned(root: string): string[] {
  return globSync("test/**/*.test.ts", { cwd: root })
    .filter((path) => !Object.keys(SUITES).some((name) => path.startsWith(`test/${name}/`)))
    .map((path) => `${path} belongs to no suite: move it, or name its folder in tools/tasks/suites.ts`);
}
