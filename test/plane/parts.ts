import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Build, buildAll, copyCrds, goVersion } from "./build.ts";
import { type Part, type PartName, cacheFolder, cachedPath, catalogue, crdsVariable } from "./catalogue.ts";
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

/** The folder of Argo CD's CRDs, found in the same order. */
export async function acquireCrds(progress: Progress): Promise<string> {
  const set = process.env[crdsVariable];
  if (set !== undefined) {
    if (!existsSync(join(set, "application-crd.yaml")))
      throw new Error(`${crdsVariable} is ${set}, and there is no application-crd.yaml: point it at manifests/crds of Argo CD's source.`);
    return set;
  }
  const part = partNamed("argocd");
  const target = cachedPath(part, "crds");
  if (existsSync(target)) return target;
  if ((await goVersion()) === undefined) {
    throw new Error(
      `The test plane needs Argo CD's CRDs: install Go 1.21 or newer (https://go.dev/dl), or set ${crdsVariable} to the folder manifests/crds of Argo CD's source.`,
    );
  }
  await locked(progress, async () => {
    if (!existsSync(target)) await copyCrds(part, target);
  });
  return target;
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

function partNamed(name: PartName): Part {
  const found = catalogue.find((part) => part.name === name);
  if (found === undefined) throw new Error(`no part ${name}`);
  return found;
}
