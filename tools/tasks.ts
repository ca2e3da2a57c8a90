import { check } from "./tasks/check.ts";
import { command, node, root } from "./tasks/command.ts";
import { options } from "./tasks/options.ts";
import { tier } from "./tasks/tiers.ts";
import { write } from "./generate/outputs.ts";

const wanted = 26; // engines of package.json
if (Number(process.versions.node.split(".")[0]) < wanted) {
  console.error(`This is Node ${process.version}; release-conductor needs ${wanted} or newer. Start tasks through npm: npm run check.`);
  process.exit(1);
}

const [name = "", ...args] = process.argv.slice(2);

/** Resolves with the exit code. */
const TASKS: Readonly<Record<string, () => number | Promise<number>>> = {
  start: () => node("src/main.ts", args),
  demo: () => node("tools/demo.ts", args),
  record: () => node("tools/record.ts", args),
  plane: () => node("test/plane/main.ts", args),
  generate: () => {
    write(root);
    return 0;
  },
  format: async () => (await command("oxfmt", args, { show: "always" })).code,
  check: () => check(options(args)),
  test: () => tier("test", options(args)),
  "test:e2e": () => tier("test:e2e", options(args)),
  "test:simulation": () => node("test/simulation/main.ts", args),
  "test:mutation": () => node("test/simulation/mutation.ts", args),
  "test:model": () => node("test/model/main.ts", args),
  "bench:engine": () => node("test/bench/engine.ts", args),
  "bench:gates": () => node("test/bench/gates.ts", args),
  "bench:status": () => node("test/bench/status.ts", args),
  pack: () => node("tools/pack/main.ts", args),
  conductor: () => node("src/cli/main.ts", args),
  simulate: () => node("src/cli/main.ts", ["simulate", ...args]),
  "test:full": () => tier("test:full", options(args)),
};

const task = TASKS[name];
if (task === undefined) {
  console.error(`${name === "" ? "No task was given" : `There is no task ${name}`}. Tasks: ${Object.keys(TASKS).join(", ")}`);
  process.exit(1);
}
try {
  process.exitCode = await task();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
