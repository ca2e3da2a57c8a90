/** What can go wrong between us and an API server, closed: every caller can switch on it exhaustively. */
export type KubeFailureKind =
  | "Unreachable" // no connection, reset, name unknown, timeout: nobody answered
  | "Untrusted" // TLS: their certificate or ours was refused
  | "Unauthorized" // 401: the credential was refused
  | "Forbidden" // 403: the credential lacks a right
  | "NotFound" // 404
  | "Conflict" // 409, or a failed precondition
  | "AlreadyExists" // 409 of a POST
  | "Expired" // 410: the resourceVersion is too old
  | "Invalid" // 400, 405, 413, 415, 422: the same request will never do
  | "TooManyRequests" // 429
  | "ServerError" // 5xx
  | "Fenced" // our own fence is closed: not sent
  | "Aborted"; // our own signal

/** The one error of this room. Its message holds no header, no credential and no request body. */
export class KubeFailure extends Error {
  override readonly name = "KubeFailure";
  readonly kind: KubeFailureKind;
  readonly status: number | undefined;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(kind: KubeFailureKind, message: string, more: { readonly status?: number; readonly retryAfter?: number } = {}) {
    super(message);
    this.kind = kind;
    this.status = more.status;
    this.retryAfter = more.retryAfter;
  }

  /** Whether the same request may do later without anybody changing it. */
  get retryable(): boolean {
    switch (this.kind) {
      case "Unreachable":
      case "TooManyRequests":
      case "ServerError":
      case "Expired":
        return true;
      case "Untrusted":
      case "Unauthorized":
      case "Forbidden":
      case "NotFound":
      case "Conflict":
      case "AlreadyExists":
      case "Invalid":
      case "Fenced":
      case "Aborted":
        return false;
    }
  }
}

/** Whether `error` is a KubeFailure of one of `kinds`, or of any when none is named. */
export function failed<K extends KubeFailureKind>(error: unknown, ...kinds: readonly K[]): error is KubeFailure & { readonly kind: K } {
  return error instanceof KubeFailure && (kinds.length === 0 || kinds.some((kind) => kind === error.kind));
}
