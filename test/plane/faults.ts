/** What a FaultProxy does to a request; `times` ends it after so many requests, else it lasts until clear(). */
export type Fault = { readonly times?: number } & (
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection is reset before the request is forwarded. */
  | { readonly kind: "reset" }
  | { readonly kind: "status"; readonly code: StatusCode; readonly retryAfterSeconds?: number }
  /** Nobody listens; open connections are reset. It has no predicate. */
  | { readonly kind: "refuse" }
  /** Connections are accepted and nothing is answered, open watches fall silent; goes on after clear(). */
  | { readonly kind: "stall" }
  /** The API server carries the request out, and the client never learns it. */
  | { readonly kind: "drop-after-commit" }
);

export type StatusCode = 401 | 403 | 404 | 409 | 410 | 429 | 500 | 503;

/** `path` includes the query. */
export type Match = (method: string, path: string) => boolean;

interface Rule {
  readonly fault: Fault;
  readonly match: Match;
  left: number;
}

/** The newest fault that matches is the one that applies. */
export class Faults {
  #rules: readonly Rule[] = [];
  #cleared = Promise.withResolvers<void>();

  set(fault: Fault, match: Match): void {
    this.#rules = [{ fault, match, left: fault.times ?? Infinity }, ...this.#rules];
  }

  take(method: string, path: string): Fault | undefined {
    const rule = this.#rules.find(({ left, match }) => left > 0 && match(method, path));
    if (rule !== undefined) rule.left--;
    return rule?.fault;
  }

  /** Whether an open watch is silent now; it is not counted as a request. */
  stalls(method: string, path: string): boolean {
    return this.#rules.some(({ fault, left, match }) => fault.kind === "stall" && left > 0 && match(method, path));
  }

  /** Resolves at the next clear(). */
  get cleared(): Promise<void> {
    return this.#cleared.promise;
  }

  clear(): void {
    this.#rules = [];
    this.#cleared.resolve();
    this.#cleared = Promise.withResolvers<void>();
  }
}

const reasons: Readonly<Record<StatusCode, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/** The body that an API server sends with such a code. */
export function statusBody(code: StatusCode): string {
  return JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${reasons[code]}: made by the fault proxy`,
    reason: reasons[code],
    code,
  });
}
