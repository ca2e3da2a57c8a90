/**
 * Who may import whom: the rooms of src/ and the one table that lint, CONTRIBUTING.md and its test read.
 * Only main.ts sees everything; src never imports test or tools.
 */
export interface Room {
  /** Rooms whose values and types it may import. */
  readonly imports: readonly string[];
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[];
  /** Packages and node: modules: "any", or the only ones. */
  readonly packages: "any" | readonly string[];
  /** Time, randomness and the console reach it as parameters. */
  readonly ambient: "refused" | "allowed";
}

export const ROOMS: Readonly<Record<string, Room>> = {
  api: { imports: [], packages: ["zod"], ambient: "refused" },
  engine: { imports: ["api"], packages: [], ambient: "refused" },
  kube: { imports: [], packages: "any", ambient: "refused" },
  argo: { imports: ["engine", "api"], types: ["kube"], packages: "any", ambient: "refused" },
  fleet: { imports: ["kube", "api"], packages: "any", ambient: "refused" },
  notify: { imports: ["kube", "api", "fleet"], packages: "any", ambient: "refused" },
  controllers: { imports: ["api", "engine", "argo", "kube", "fleet", "notify"], packages: "any", ambient: "refused" },
  simulation: { imports: ["api", "engine", "argo", "kube", "fleet", "notify", "controllers"], packages: "any", ambient: "refused" },
  cli: { imports: ["api", "engine", "argo", "kube", "fleet", "controllers", "simulation"], packages: "any", ambient: "allowed" },
  operator: { imports: ["api", "engine", "argo", "kube", "fleet", "notify", "controllers"], packages: "any", ambient: "allowed" },
  observe: { imports: [], types: ["kube"], packages: "any", ambient: "allowed" },
};

/** Files of such rooms that may touch the machine's time: each is the seam that hands it on. */
export const SEAMS = ["src/kube/clock.ts", "src/kube/http*.ts", "src/simulation/clock.ts"];

/** Why `from` may not import `specifier`, as a sentence; undefined when it may. Paths are relative to the project, with slashes. */
export function refuse(from: string, specifier: string, typeOnly: boolean): string | undefined {
  const here = roomOf(from);
  if (here === undefined || here === "main") return undefined;
  const own = ROOMS[here];
  if (own === undefined) return `src/${here} is no room: name it, and what it may import, in tools/lint/rooms.ts`;
  const target = locate(from, specifier);
  // What the project is called, and its version.
  if (target === "package.json") return undefined;
  if (target === undefined) {
    if (own.packages === "any" || own.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))) return undefined;
    const allowed = own.packages.length === 0 ? "no packages and no node: modules" : `of packages only ${own.packages.join(", ")}`;
    return `${here} may import ${allowed}, not ${specifier}: what it needs is a parameter`;
  }
  const there = roomOf(target);
  if (there === here || (there !== undefined && own.imports.includes(there))) return undefined;
  if (there !== undefined && own.types?.includes(there)) {
    return typeOnly ? undefined : `${here} may import ${there}'s types only (import type …): values are handed to it by main`;
  }
  const may = own.imports.length === 0 ? "nothing of ours" : own.imports.join(", ");
  return `${here} may import ${may}, not ${target}: see "Who may import whom" in CONTRIBUTING.md`;
}

/** The room of a file: "engine" of src/engine/a.ts, "main" of a file in src/ itself, undefined outside src/. */
function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split("/");
  if (top !== "src") return undefined;
  return rest.length === 0 ? "main" : room;
}

/** The project's file that a specifier means; undefined for a package or a node: module. */
function locate(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return normalize([...from.split("/").slice(0, -1), ...specifier.split("/")]);
  if (specifier.startsWith("/") || specifier.startsWith("file:")) return specifier;
  if (!specifier.startsWith("#")) return undefined;
  const [room = "", ...rest] = specifier.slice(1).split("/");
  // package.json "imports": #test, #plane and #tools lead out of src.
  return [...(Object.hasOwn(ROOMS, room) ? ["src", room] : [room]), ...rest].join("/");
}

function normalize(segments: readonly string[]): string {
  const result: string[] = [];
  for (const segment of segments) {
    if (segment === "..") result.pop();
    else if (segment !== ".") result.push(segment);
  }
  return result.join("/");
}
