import { defineConfig } from "oxlint";
import { ROOMS, SEAMS } from "./tools/lint/rooms.ts";

const quiet = Object.entries(ROOMS)
  .filter(([, { ambient }]) => ambient === "refused")
  .map(([name]) => `src/${name}/**`);

const clock = "take the Clock of kube/ports.ts as a parameter: tests and simulation hold the time";
const chance = "take it as a parameter: a run with the same inputs must be the same run";
const global = (name: string, message: string) => ({ name, message });
const property = (object: string, name: string, message: string) => ({ object, property: name, message });

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import"],
  jsPlugins: ["./tools/lint/plugin.ts"],
  categories: { correctness: "error" },
  ignorePatterns: ["crds/**", "helm/**", ".artifacts/**", "dist/**"],
  rules: {
    "rooms/imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/no-floating-promises": [
      "error",
      { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "it", "suite", "describe"] }] },
    ],
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    "eslint/no-unused-vars": "error",
    "eslint/eqeqeq": ["error", "always", { null: "ignore" }],
    "eslint/no-console": "error",
    "eslint/max-lines": ["error", { max: 300 }],
    // Rows of a list are spread to keep one row of related things a line.
    "unicorn/no-useless-spread": "off",
    "typescript/restrict-template-expressions": "off",
    "import/no-cycle": "error",
  },
  overrides: [
    {
      files: quiet,
      rules: {
        "rooms/no-clock": "error",
        "eslint/no-restricted-globals": [
          "error",
          ...["setTimeout", "setInterval", "setImmediate", "performance"].map((name) => global(name, clock)),
          global("globalThis", "it would lead around the names that are refused here"),
        ],
        "eslint/no-restricted-properties": [
          "error",
          property("Date", "now", clock),
          property("AbortSignal", "timeout", clock),
          property("process", "hrtime", clock),
          property("Math", "random", chance),
          property("crypto", "randomUUID", chance),
          property("crypto", "getRandomValues", chance),
        ],
        "eslint/no-restricted-imports": [
          "error",
          {
            paths: [
              ...["node:timers", "node:timers/promises", "node:perf_hooks", "timers", "timers/promises"].map((name) => global(name, clock)),
              {
                name: "node:crypto",
                importNames: ["randomUUID", "randomBytes", "randomInt", "getRandomValues", "webcrypto"],
                message: chance,
              },
            ],
          },
        ],
      },
    },
    {
      files: SEAMS,
      rules: {
        "rooms/no-clock": "off",
        "eslint/no-restricted-globals": "off",
        "eslint/no-restricted-properties": "off",
        "eslint/no-restricted-imports": "off",
      },
    },
    { files: ["tools/**", "src/cli/**", "src/observe/**", "test/**", "run.mjs"], rules: { "eslint/no-console": "off" } },
    { files: ["test/**", "run.mjs"], rules: { "eslint/max-lines": "off" } },
  ],
});
