import { KubeFailure } from "#kube/errors.ts";
import type { Kind } from "./kinds.ts";
import { Denied, Wrong } from "./wrong.ts";

export type Verb = "get" | "list" | "watch" | "apply" | "create" | "patch" | "delete";

/** What was tried. */
export interface Attempt {
  readonly verb: Verb;
  readonly kind: Kind<unknown>;
  readonly name: string | undefined;
  /** undefined: all of them. */
  readonly namespace: string | undefined;
  readonly server: string;
}

/** A failure of an API server as one line that says what to do; what is no such failure stays what it is. */
export function troubleOf(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof KubeFailure)) return error;
  const denied = deniedIn(error);
  if (denied === undefined) return new Wrong(sentence(error, attempt), { cause: error });
  return new Denied(`${whatOf(attempt)} was refused: ${denied}`, { cause: error });
}

/** What an admission policy or a webhook says; with which code it refuses is its own choice. */
function deniedIn({ kind, message }: KubeFailure): string | undefined {
  return kind === "Forbidden" || kind === "Invalid" ? /\bdenied (?:the )?request: (.+)$/.exec(message)?.[1] : undefined;
}

function whatOf({ kind, name, namespace }: Attempt): string {
  const where = namespace === undefined ? "in all namespaces" : `in namespace ${namespace}`;
  return `${name === undefined ? kind.resource.plural : `${kind.kind} ${name}`} ${where}`;
}

function sentence({ kind: failure, message }: KubeFailure, attempt: Attempt): string {
  const { verb, kind, name, namespace, server } = attempt;
  const { group, version, plural } = kind.resource;
  const what = whatOf(attempt);
  switch (failure) {
    case "Unreachable":
      return `the API server ${server} cannot be asked: ${message}. Check the network, and the cluster that --context chooses`;
    case "Untrusted":
      return `the API server ${server} is not trusted: ${message}. Correct the cluster's CA in the kubeconfig`;
    case "Unauthorized":
      return `the API server ${server} does not accept your credential: log in again (kubectl auth whoami must work)`;
    case "Forbidden": {
      const wanted = verb === "apply" ? "patch" : verb;
      return `you may not ${wanted} ${what}: ask for a ${namespace === undefined ? "ClusterRole" : "Role"} with the ${verb === "apply" ? "verbs create and patch" : `verb ${wanted}`} on ${plural}.${group} (kubectl auth can-i ${wanted} ${plural}.${group} ${namespace === undefined ? "-A" : `-n ${namespace}`})`;
    }
    case "NotFound":
      if (name === undefined || !message.includes(name))
        return `the API server ${server} knows no ${plural} (${group}/${version}): install the CRDs of release-conductor (kubectl apply -f crds/), or choose another cluster with --context`;
      return `there is no ${what}: conductor status lists what there is, -n chooses another namespace`;
    case "Conflict":
      return verb === "apply" ? conflict(message, what) : `${what} was changed by somebody else meanwhile: look at it, and try again`;
    case "AlreadyExists":
      return `there is already a ${what}: choose another name, or delete it first`;
    case "Invalid":
      // So an API server answers a patch that names the uid of one that is gone.
      if (message.includes("metadata.uid: Invalid value")) return `${what} is another one meanwhile: look at it, and try again`;
      return `${what} was refused: ${message.replace(/^.*? is invalid: /, "").replaceAll(/: Invalid value(: "object")?(?=: )/g, "")}`;
    case "TooManyRequests":
    case "ServerError":
    case "Expired":
      return `the API server ${server} could not do it: ${message}. Try again`;
    case "Fenced":
    case "Aborted":
      return verb === "get" || verb === "list" || verb === "watch"
        ? "interrupted"
        : `interrupted: whether ${what} was changed is not known, conductor status shows it`;
  }
}

/** Somebody else declares a field, most often a GitOps tool: to write over it would be undone. */
function conflict(message: string, what: string): string {
  const managers = [...new Set([...message.matchAll(/conflicts? with "([^"]+)"/g)].map(([, manager]) => manager))].join(", ");
  const fields = [...new Set([...message.matchAll(/(\.spec[.\w]*)/g)].map(([, field]) => field))].join(", ");
  return `${what} is declared by ${managers || "somebody else"}${fields === "" ? "" : ` (${fields})`}: change it there, or take it over with --force-conflicts`;
}
