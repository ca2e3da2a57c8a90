import type { KubeFailure } from "#kube/errors.ts";
import { networkFailure, statusFailure } from "#kube/failures.ts";
import type { KubeRequest } from "#kube/ports.ts";

/** What an API server says when it does not do what was asked, as it reaches a client. */

type Asked = Pick<KubeRequest, "method" | "contentType">;

const REASONS = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
} as const;

export type RefusalStatus = keyof typeof REASONS;

/** An answer that is not 2xx; `retryAfter` in milliseconds. */
export function refusal(status: RefusalStatus, message: string, asked: Asked, retryAfter?: number): KubeFailure {
  return statusFailure(status, { kind: "Status", reason: REASONS[status], message }, asked, retryAfter);
}

export function alreadyExists(name: string, asked: Asked): KubeFailure {
  return statusFailure(409, { kind: "Status", reason: "AlreadyExists", message: `${name} already exists` }, asked);
}

/** A JSON patch that does not fit: API servers do not say why. */
export function misfit(asked: Asked): KubeFailure {
  return refusal(422, "the server rejected our request due to an error in our request", asked);
}

/** What can go wrong below HTTP, by the code that Node would report. */
const CODES = {
  refused: "ECONNREFUSED",
  reset: "ECONNRESET",
  timeout: "UND_ERR_HEADERS_TIMEOUT",
  noName: "ENOTFOUND",
  expiredCertificate: "CERT_HAS_EXPIRED",
  unknownAuthority: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
} as const;

export type Broken = keyof typeof CODES;

/** No answer, or one that cannot be trusted. */
export function broken(how: Broken, server: string): KubeFailure {
  return networkFailure({ code: CODES[how] }, `${server}.simulated:443`);
}
