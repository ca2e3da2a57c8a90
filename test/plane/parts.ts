import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Build, buildAll, copySources, goVersion } from "./build.ts";
import { type Part, type PartName, type SourcesName, cacheFolder, cachedPath, catalogue, sources } from "./catalogue.ts";
import { withLock } from "./lock.ts";
import { type Progress, duration } from "./progress.ts";

export type { PartName } from "./catalogue.ts";

/**
 * Absolute paths of real binaries: from the environment, else from the cache, else built from Go modules into the cache.
 * Two calls at once, in whatever processes, build once.
 */
export async function acquire<Name extends PartName>(names: readonly Name[], progress: Progress): Promise<Record<Name, string>> {
  const wanted = catalogue.filter(({ name }) => names.some((other) => other === name));
  const builds = () =>
    wanted
      .filter((part) => fromEnvironment(part) === undefined)
      .map((part) => ({ part, target: cachedPath(part, part.name) }))
      .filter(({ target }) => !existsSync(target));
  await buildMissing(builds, progress);
  const path = (part: Part) => fromEnvironment(part) ?? cachedPath(part, part.name);
  return Object.fromEntries(wanted.map((part) => [part.name, path(part)])) as Record<Name, string>;
}

/** The folder of what comes with a part's source, found in the same order. */
export async function acquireSources(name: SourcesName, progress: Progress): Promise<string> {
  const wanted = named(sources, name);
  const set = process.env[wanted.variable];
  if (set !== undefined && set !== "") {
    const missing = wanted.files.find((file) => !existsSync(join(set, file)));
    if (missing === undefined) return set;
    throw new Error(
      `${wanted.variable} is ${set}, and there is no ${missing}: point it at ${wanted.folder} of the source of ${wanted.module}.`,
    );
  }
  const part = named(catalogue, wanted.part);
  const target = cachedPath(part, wanted.cached);
  if (existsSync(target)) return target;
  if ((await goVersion()) === undefined) {
    throw new Error(
      `The test plane needs ${wanted.title}: install Go 1.21 or newer (https://go.dev/dl), or set ${wanted.variable} to the folder ${wanted.folder} of the source of ${wanted.module}.`,
    );
  }
  await locked(progress, async () => {
    if (!existsSync(target)) await copySources(wanted, part, target);
  });
  return target;
}

/** Whatever any test may need, by what people call it. */
export async function acquireAll(progress: Progress): Promise<Readonly<Record<string, string>>> {
  const binaries = await acquire(
    catalogue.map(({ name }) => name),
    progress,
  );
  const folders: [string, string][] = [];
  for (const { name, title } of sources) folders.push([title, await acquireSources(name, progress)]);
  return { ...binaries, ...Object.fromEntries(folders) };
}

async function buildMissing(missing: () => readonly Build[], progress: Progress): Promise<void> {
  if (missing().length === 0) return;
  if ((await goVersion()) === undefined) throw new Error(withoutGo(missing().map(({ part }) => part)));
  await locked(progress, async () => {
    // Whoever held the lock before us may have built them.
    const left = missing();
    if (left.length > 0) await buildAll(left, progress);
  });
}

function withoutGo(parts: readonly Part[]): string {
  const names = parts.map(({ name }) => name).join(", ");
  const variables = parts.map(({ variable }) => variable).join(", ");
  return `The test plane needs ${names}: install Go 1.21 or newer (https://go.dev/dl) and they are built once, or set ${variables} to their binaries.`;
}

async function locked<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  let waited = false;
  const waiting = (holder: string, seconds: number) => {
    waited = true;
    progress(`parts: ${holder} is building them, waiting for it, ${duration(seconds)}`);
  };
  return withLock(join(cacheFolder(), "parts", "lock"), waiting, () => {
    if (waited) progress("parts: the other run is done.");
    return work();
  });
}

function fromEnvironment(part: Part): string | undefined {
  const set = process.env[part.variable];
  if (set !== undefined && set !== "") {
    if (!existsSync(set))
      throw new Error(`${part.variable} is ${set}, and there is no such file: correct it, or unset it to have ${part.name} built.`);
    return set;
  }
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (!part.envtest || assets === undefined || assets === "") return undefined;
  const path = join(assets, part.name);
  return existsSync(path) ? path : undefined;
}

function named<T extends { readonly name: string }>(all: readonly T[], name: T["name"]): T {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the catalogue has no ${name}`);
  return found;
}
