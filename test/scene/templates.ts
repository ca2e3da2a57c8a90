import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The pipelines' templates, read as a runner reads them. */

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): unknown => parse(readFileSync(join(root, path), "utf8"));

export interface GitLabJob {
  readonly extends?: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly after_script: readonly string[];
  readonly interruptible?: boolean;
  readonly resource_group?: string;
  readonly allow_failure?: unknown;
}

export interface GitHubStep {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `.conductor-deploy`. */
export function gitlabJob(): GitLabJob {
  const template = read("integrations/gitlab/conductor.gitlab-ci.yml") as Readonly<Record<string, GitLabJob>>;
  const job = template[".conductor-deploy"];
  if (job === undefined) throw new Error("the template has no job .conductor-deploy");
  return job;
}

export function githubSteps(): readonly GitHubStep[] {
  return (read("integrations/github/action.yml") as { readonly runs: { readonly steps: readonly GitHubStep[] } }).runs.steps;
}

/** A job's variables with those that they name in them: as GitLab's runner exports them. */
export function expanded(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const value = (text: string, depth: number): string =>
    text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) =>
      depth > 8 ? "" : value(variables[braced ?? bare ?? ""] ?? "", depth + 1),
    );
  return Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, value(text, 0)]));
}
