import { parseArgs } from "node:util";
import { duration, label, milliseconds } from "#api/rules.ts";
import { faultOfUrl, URL_VARIABLES } from "#argo/links.ts";
import { RESTRICTED, type Restricted } from "#argo/templates.ts";
import { LOG_LEVELS, type LogLevel } from "#observe/log.ts";

/** What can be set when the conductor is installed. */
export interface Config {
  /** The namespace that holds the registrations of clusters. */
  readonly namespace: string;
  readonly logLevel: LogLevel;
  /** Where health and metrics are served. */
  readonly host: string;
  readonly port: number;
  /** Milliseconds that evidence must hold. */
  readonly settleTime: number;
  /** Milliseconds that a plan waits for an API server that does not answer. */
  readonly contactTime: number;
  /** Milliseconds after which a cluster whose registration is gone counts as gone. */
  readonly graceTime: number;
  /** What AnalysisRuns may do besides asking a metrics system, by namespace; "*" is every one. */
  readonly allowAnalysis: ReadonlyMap<string, ReadonlySet<Restricted>>;
  /** Where people find a release, with variables. */
  readonly releaseUrl?: string;
}

export const USAGE = `release-conductor: releases services to many clusters through Argo CD

  --namespace NAME      where the registrations of clusters are (POD_NAMESPACE, else release-conductor)
  --log-level LEVEL     ${LOG_LEVELS.join(" | ")} (info)
  --listen HOST:PORT    where /healthz, /readyz and /metrics are served (0.0.0.0:8080)
  --settle-time TIME    how long evidence must hold before a target has arrived (5s)
  --contact-time TIME   how long a plan, a wave and a rollback wait for an API server that does not answer (5s)
  --grace-time TIME     how long a cluster whose registration is gone may come back (5m)
  --allow-analysis NAMESPACE=KIND[,KIND]
                        what analyses of a namespace ("*" for all) may use besides metrics providers: ${RESTRICTED.join(", ")}; may be repeated
  --release-url URL     where people find a release, with ${URL_VARIABLES.map((name) => `{{${name}}}`).join(", ")}: for status.url of the
                        release, messages and commit statuses, and a link and a notice on the Applications that it writes to (none)
  --help

The management cluster is the one that KUBECONFIG, or the pod's service account, leads to.`;

/** Throws an Error whose message says what to change. */
export function parseConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Config | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      namespace: { type: "string", default: env["POD_NAMESPACE"] || "release-conductor" },
      "log-level": { type: "string", default: "info" },
      listen: { type: "string", default: "0.0.0.0:8080" },
      "settle-time": { type: "string", default: "5s" },
      "contact-time": { type: "string", default: "5s" },
      "grace-time": { type: "string", default: "5m" },
      "allow-analysis": { type: "string", multiple: true, default: [] },
      "release-url": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const logLevel = LOG_LEVELS.find((level) => level === values["log-level"]);
  if (logLevel === undefined) throw new Error(`--log-level must be one of ${LOG_LEVELS.join(", ")}, not "${values["log-level"]}"`);
  return {
    namespace: namespace(values.namespace),
    logLevel,
    ...listen(values.listen),
    settleTime: time("--settle-time", values["settle-time"]),
    contactTime: time("--contact-time", values["contact-time"]),
    graceTime: time("--grace-time", values["grace-time"]),
    allowAnalysis: allowed(values["allow-analysis"]),
    ...releaseUrl(values["release-url"]),
  };
}

/** No namespace would be all of them: the Secrets of others would be taken for registrations. */
function namespace(value: string): string {
  const parsed = label("--namespace").safeParse(value);
  if (!parsed.success) throw new Error(`--namespace must be the name of a namespace, not "${value}"`);
  return parsed.data;
}

function allowed(values: readonly string[]): Config["allowAnalysis"] {
  const all = new Map<string, Set<Restricted>>();
  for (const value of values) {
    const [where = "", kinds] = value.split("=", 2);
    if (kinds === undefined || (where !== "*" && !label("--allow-analysis").safeParse(where).success))
      throw new Error(`--allow-analysis must be NAMESPACE=KIND[,KIND], such as team-a=job,web, not "${value}"`);
    const known = all.get(where) ?? new Set();
    all.set(where, known);
    for (const kind of kinds.split(",")) {
      const found = RESTRICTED.find((one) => one === kind);
      if (found === undefined) throw new Error(`--allow-analysis knows ${RESTRICTED.join(", ")}, not "${kind}"`);
      known.add(found);
    }
  }
  return all;
}

function releaseUrl(value: string | undefined): Pick<Config, "releaseUrl"> {
  if (value === undefined) return {};
  const fault = faultOfUrl(value);
  if (fault !== undefined) throw new Error(`--release-url ${fault}`);
  return { releaseUrl: value };
}

function time(flag: string, value: string): number {
  const parsed = duration(flag).safeParse(value);
  if (!parsed.success)
    throw new Error(`${flag} must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m, not "${value}"`);
  return milliseconds(parsed.data);
}

function listen(value: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^(.+):(\d+)$/.exec(value) ?? [];
  if (host === "" || Number(port) > 65535) throw new Error(`--listen must be HOST:PORT, such as 0.0.0.0:8080, not "${value}"`);
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
