import { KubeFailure, type KubeFailureKind } from "./errors.ts";
import type { KubeRequest } from "./ports.ts";
import { isRecord, text } from "./shape.ts";

/** The longest message that is kept of what a server says, in characters. */
const longestMessage = 1024;

/** The failure that an answer of `status` (not 2xx) means. `body` is what it held: a Status, or anything else. */
export function statusFailure(
  status: number,
  body: unknown,
  request: Pick<KubeRequest, "method" | "contentType">,
  retryAfter?: number,
): KubeFailure {
  const said = statusOf(body);
  const kind = kindOf(status, said, request);
  const words = said.message || said.reason || "no reason given";
  const message = cut(`the API server answered ${status}: ${words}`);
  return new KubeFailure(kind, message, {
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

interface Said {
  readonly reason: string;
  readonly message: string;
}

/** What a body says if it is a Status. Anything else may be a login page of somebody in between: it is not quoted. */
function statusOf(body: unknown): Said {
  if (!isRecord(body) || body["kind"] !== "Status") return { reason: "", message: "" };
  return { reason: plain(text(body["reason"])), message: plain(text(body["message"])) };
}

/** https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#http-status-codes */
function kindOf(
  status: number,
  { reason, message }: Said,
  { method, contentType }: Pick<KubeRequest, "method" | "contentType">,
): KubeFailureKind {
  if (status === 401) return "Unauthorized";
  if (status === 403) return "Forbidden";
  if (status === 404) return "NotFound";
  if (status === 409) return method === "POST" && reason !== "Conflict" ? "AlreadyExists" : "Conflict";
  if (status === 410) return "Expired";
  if (status === 412) return "Conflict";
  if (status === 429) return "TooManyRequests";
  // A server restored from a backup has not reached the resourceVersion that we know: that one is as good as forgotten.
  if (message.includes("Too large resource version")) return "Expired";
  if (status >= 500) return "ServerError";
  if (status === 422 && contentType === "application/json-patch+json" && message === misfit) return "Conflict";
  return "Invalid";
}

/**
 * All that an API server says of a JSON patch whose `test` does not hold, or whose path is not there (observed on 1.37;
 * apimachinery drops the patch library's message): the object is not the one that the patch was made for.
 */
const misfit = "the server rejected our request due to an error in our request";

/** Retry-After in milliseconds: seconds, or an HTTP date (RFC 9110, 10.2.3); undefined when it is neither. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header.trim()) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What failed below HTTP: no answer, or none that can be trusted. `where` is host:port. */
export function networkFailure(error: unknown, where: string): KubeFailure {
  const code = codeOf(error);
  const refused = tlsRemedies[code];
  if (refused !== undefined) return new KubeFailure("Untrusted", `${refused} (${where}, ${code})`);
  if (untrusted.test(code)) return new KubeFailure("Untrusted", `the TLS connection to ${where} was refused (${code})`);
  const tunnel = /Proxy response \((\d{3})\)/.exec(error instanceof Error ? error.message : "");
  if (tunnel !== null) return new KubeFailure("Unreachable", `the proxy answered ${tunnel[1]} when asked to connect to ${where}`);
  const sentence = sentences[code];
  return new KubeFailure("Unreachable", sentence === undefined ? `no answer from ${where} (${code})` : `${sentence} ${where}`);
}

const untrusted = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|EPROTO$|HOSTNAME_MISMATCH$|INVALID_|UNABLE_TO_)/;

const tlsRemedies: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not signed by the given CA",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not signed by the given CA",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not signed by the given CA",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is not signed by the given CA",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not signed by the given CA",
  CERT_SIGNATURE_FAILURE: "the server's certificate is not signed by the given CA",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name: give serverName",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS",
};

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused by",
  ECONNRESET: "connection reset by",
  EPIPE: "connection reset by",
  UND_ERR_SOCKET: "connection closed by",
  ECONNABORTED: "connection closed by",
  ETIMEDOUT: "connecting took too long to",
  UND_ERR_CONNECT_TIMEOUT: "connecting took too long to",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time from",
  UND_ERR_BODY_TIMEOUT: "the answer stopped in the middle from",
  ENOTFOUND: "the name cannot be resolved:",
  EAI_AGAIN: "the name cannot be resolved just now:",
  EHOSTUNREACH: "no route to",
  ENETUNREACH: "no route to",
};

/** The first code in an error, its causes and, for several addresses tried, its parts. */
function codeOf(error: unknown, depth = 0): string {
  if (!isRecord(error) || depth > 5) return "unknown";
  const own = text(error["code"]);
  if (own !== "" && own !== "UND_ERR") return own;
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  for (const inner of [error["cause"], ...parts]) {
    const code = codeOf(inner, depth + 1);
    if (code !== "unknown") return code;
  }
  return "unknown";
}

/** What a server says goes into logs and statuses: no control characters, which could forge a line there. */
function plain(message: string): string {
  return message.replaceAll(/\p{Cc}+/gu, " ").trim();
}

function cut(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}
