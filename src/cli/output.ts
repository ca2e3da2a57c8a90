import { Option } from "commander";
import { stringify } from "yaml";
import type { Terminal } from "./terminal.ts";

export const OUTPUTS = ["json", "yaml", "wide", "name"] as const;
/** How something is printed: for people, or as kubectl's -o says. */
export type Output = "text" | (typeof OUTPUTS)[number];

/** `-o`, of those that a command has; `name` prints what kubectl takes as an argument. */
export function outputOption(...formats: readonly (typeof OUTPUTS)[number][]): Option {
  return new Option("-o, --output <format>", "how to print it").choices(formats);
}

/** One document for programs. */
export function printDocument({ out }: Terminal, output: "json" | "yaml", document: unknown): void {
  out.write(output === "json" ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document, { lineWidth: 0 }));
}

/** What `kubectl get -o name` prints. */
export function nameOf({ plural, group }: { readonly plural: string; readonly group: string }, name: string): string {
  return `${plural.replace(/s$/, "")}.${group}/${name}`;
}
