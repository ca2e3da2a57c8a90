import { existsSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "#kube/ports.ts";
import type { Connected, Where } from "./terminal.ts";
import { Wrong } from "./wrong.ts";

/** What client-node makes up where it finds nothing. */
const NOWHERE = "http://localhost:8080";

/** Opens the API server that kubectl would take with these flags. The libraries are loaded when they are needed: most of a start's time is theirs. */
export async function connectAsKubectl({ kubeconfig, context, namespace, as, asGroup = [] }: Where, clock: Clock): Promise<Connected> {
  const [client, { HttpTransport }] = await Promise.all([import("@kubernetes/client-node"), import("#kube/http.ts")]);
  const config = new client.KubeConfig();
  load(config, kubeconfig);
  if (context !== undefined) choose(config, context);
  const cluster = config.getCurrentCluster();
  if (cluster?.server === NOWHERE) throw new Wrong("no kubeconfig was found: set KUBECONFIG, or give --kubeconfig FILE");
  if (cluster === null) throw new Wrong(`the kubeconfig has no current context: choose one with --context (${names(config)})`);
  return {
    transport: new HttpTransport(config, clock, {}, impersonation(as, asGroup)),
    namespace: namespace ?? config.getContextObject(config.currentContext)?.namespace ?? "default",
    server: URL.parse(cluster.server)?.host ?? cluster.server,
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation. Throws Wrong. */
function impersonation(as: string | undefined, groups: readonly string[]): Readonly<Record<string, string | string[]>> {
  if (as === undefined && groups.length > 0) throw new Wrong("--as-group goes with --as: the API server takes groups of a user only");
  return { ...(as === undefined ? {} : { "impersonate-user": as }), ...(groups.length === 0 ? {} : { "impersonate-group": [...groups] }) };
}

/** The names that --context takes. */
export async function contextsOf({ kubeconfig }: Where): Promise<readonly string[]> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  load(config, kubeconfig);
  return config.contexts.map(({ name }) => name);
}

function load(config: KubeConfig, file: string | undefined): void {
  if (file !== undefined && !existsSync(file)) throw new Wrong(`--kubeconfig ${file}: there is no such file`);
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    // What a kubeconfig holds is not for a log: only the parser's first words are.
    const why = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "";
    throw new Wrong(`${file ?? "the kubeconfig"} cannot be read: ${why.slice(0, 200)}`);
  }
}

function choose(config: KubeConfig, context: string): void {
  if (config.getContextObject(context) === null)
    throw new Wrong(`there is no context ${context} in the kubeconfig: there is ${names(config) || "none"}`);
  config.setCurrentContext(context);
}

function names({ contexts }: KubeConfig): string {
  return contexts.map(({ name }) => name).join(", ");
}
