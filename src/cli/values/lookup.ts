import { expanded } from "./buildenv.ts";
import { expand, isGlob } from "./glob.ts";
import { join, type Repository } from "./repository.ts";

/**
 * What becomes of one entry of valueFiles, as Argo CD resolves it (reposerver/repository getResolvedValueFiles, util/io/path):
 * relative to the chart, with a / in front relative to the repository's root, and never outside of it.
 */
export type Found =
  | { readonly state: "Exists"; readonly paths: readonly string[] }
  | { readonly state: "Missing" }
  /** Argo CD or helm would not render. */
  | { readonly state: "Refused"; readonly why: string }
  /** It is not for us to know what is there. */
  | { readonly state: "NotSeen"; readonly why: string };

/** Entry by entry. A glob leaves out what another entry names itself; what comes twice counts where it came first. */
export function lookUp(
  entries: readonly string[],
  repository: Repository,
  env: ReadonlyMap<string, string>,
  ignoreMissing: boolean,
): readonly Found[] {
  const resolved = entries.map((entry) => resolve(entry, repository, env));
  const named = new Set(resolved.flatMap((one) => ("path" in one && !isGlob(one.path) ? [one.path] : [])));
  const seen = new Set<string>();
  const once = (paths: readonly string[]): Found => {
    const fresh = paths.filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    return { state: "Exists", paths: fresh };
  };
  return resolved.map((one): Found => {
    if (!("path" in one)) return one;
    if (!isGlob(one.path)) {
      const found = look(one.path, repository, ignoreMissing);
      return found.state === "Exists" ? once(found.paths) : found;
    }
    const matches = expand(one.path, repository);
    if (matches === undefined) return { state: "NotSeen", why: "this glob is not read here" };
    if (matches.length === 0) return missing(ignoreMissing, "nothing matches it");
    const bad = matches.map((path) => look(path, repository, false)).find(({ state }) => state !== "Exists");
    return bad ?? once(matches.filter((path) => !named.has(path)));
  });
}

function look(path: string, repository: Repository, ignoreMissing: boolean): Found {
  const found = repository.look(path);
  switch (found.kind) {
    case "File":
      return { state: "Exists", paths: [path] };
    case "Missing":
      return missing(ignoreMissing, "it is not there");
    case "Directory":
      return { state: "Refused", why: `${path || "the root"} is a directory` };
    case "Outside":
      return { state: "Refused", why: "it leads out of the repository" };
  }
}

function missing(ignored: boolean, what: string): Found {
  return ignored ? { state: "Missing" } : { state: "Refused", why: `${what}, and ignoreMissingValueFiles is not true` };
}

function resolve(entry: string, repository: Repository, env: ReadonlyMap<string, string>): Found | { readonly path: string } {
  const open = /\{\{ *([a-z]+) *\}\}/.exec(entry)?.[1];
  if (open !== undefined)
    return { state: "NotSeen", why: `{{${open}}} is not known here${open === "namespace" ? ": give --namespace" : ""}` };
  const reference = /^\$(\w[\w.-]*)(\/|$)/.exec(entry)?.[1];
  if (reference !== undefined && !reference.startsWith("ARGOCD_"))
    return { state: "NotSeen", why: `$${reference} is another source of the Application` };
  const text = expanded(entry, env);
  if ("unknown" in text) return { state: "NotSeen", why: `$${text.unknown} is known to Argo CD alone` };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text.text)?.[1];
  if (scheme !== undefined) return { state: "NotSeen", why: remote(scheme.toLowerCase()) };
  return within(text.text, repository);
}

function remote(scheme: string): string {
  if (scheme === "http" || scheme === "https") return "it is fetched from elsewhere";
  return `it is fetched from elsewhere, if helm.valuesFileSchemes of Argo CD allows ${scheme}`;
}

function within(entry: string, { chart, rooted }: Repository): Found | { readonly path: string } {
  const isAbsolute = entry.startsWith("/");
  if (isAbsolute && !rooted) return { state: "NotSeen", why: "the chart is in no git repository, so that / means nothing" };
  const steps: string[] = [];
  for (const step of (isAbsolute ? entry : join(chart, entry)).split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.pop() === undefined) {
      if (!rooted) return { state: "NotSeen", why: "the chart is in no git repository, and it is outside of the chart" };
      return { state: "Refused", why: "it is outside of the repository" };
    }
  }
  return steps.length === 0 ? { state: "Refused", why: "it is the repository's root" } : { path: steps.join("/") };
}
