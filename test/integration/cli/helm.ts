import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { environmentsIn } from "#cli/manifest.ts";
import { values } from "#cli/values.ts";

/** A chart and what an Environment says of it. */
export interface Case {
  /** By path from the chart; values.yaml is the chart's own. */
  readonly files: Readonly<Record<string, string>>;
  readonly valueFiles?: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
}

export type Outcome = { readonly values: unknown } | { readonly refused: string };

/** The chart prints all that it is given. */
const CHART = { "Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 0.1.0\n", "templates/all.yaml": "{{ .Values | toJson }}\n" };

/** The chart of a case, for as long as `use` takes. */
export function withChart<T>({ files }: Case, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "conductor-values-"));
  try {
    for (const [path, text] of Object.entries({ ...CHART, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the real helm makes of it, with the arguments that Argo CD hands to it. */
export function byHelm(helm: string, folder: string, { valueFiles = [], parameters = {} }: Case): Outcome {
  const given = Object.entries(parameters).map(([name, value]) => {
    const isList = value.startsWith("{") && value.endsWith("}") && !value.includes("{{");
    const text = value.replaceAll("{{cluster}}", "c1");
    return [value.includes("{{") ? "--set-string" : "--set", `${name}=${isList ? text : text.replaceAll(/(?<!\\),/g, "\\,")}`];
  });
  const files = valueFiles.flatMap((file) => ["--values", join(folder, file)]);
  const { status, stdout, stderr } = spawnSync(helm, ["template", folder, "--name-template", "checkout", ...given.flat(), ...files], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  if (status !== 0) return { refused: stderr };
  return { values: JSON.parse(stdout.slice(stdout.indexOf("all.yaml\n") + "all.yaml\n".length), withoutGlobals) };
}

/** helm gives every subchart an empty map of what is global. */
function withoutGlobals(key: string, value: unknown): unknown {
  return key === "global" && JSON.stringify(value) === "{}" ? undefined : value;
}

/** What we say of it. */
export function byUs(folder: string, { valueFiles, parameters }: Case): Outcome {
  const helm = { ...(valueFiles === undefined ? {} : { valueFiles }), ...(parameters === undefined ? {} : { parameters }) };
  const manifest = stringify({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: { name: "production" },
    spec: { clusters: [{ name: "c1" }], application: { helm } },
  });
  const options = { chart: folder, environment: [], cluster: [], show: ["merged"] as const, showSecrets: true };
  const document = values(environmentsIn(manifest, "environment.yaml"), options);
  const [cluster] = document.environments[0]?.clusters ?? [];
  const refused = cluster?.refusals.join("; ") ?? "there is no cluster";
  return refused === "" ? { values: cluster?.values } : { refused };
}
