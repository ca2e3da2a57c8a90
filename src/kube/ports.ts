/**
 * The seams between Kubernetes machinery and what is above and below it. Production puts HTTP behind
 * Transport; a simulation puts a fleet in memory there.
 */

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly { readonly manager?: string }[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any Kubernetes object as the API server sends it; what is below metadata is parsed by whoever knows the kind. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export type ContentType =
  | "application/json"
  | "application/json-patch+json"
  | "application/merge-patch+json"
  | "application/apply-patch+yaml";

/** One call to an API server. `path` starts with /api or /apis and holds no query. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: ContentType;
  readonly body?: unknown;
}

/** A 2xx answer, parsed. Everything else is a KubeFailure. */
export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
}

/**
 * One event of a watch. OPENED comes first, once the server has accepted the watch: until then nobody is watching.
 * An ERROR event of the server is thrown as the KubeFailure that it describes.
 */
export type WatchFrame =
  | { readonly type: "OPENED" }
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: KubeObject };

/** One API server. Both calls settle promptly, as Aborted, when their signal aborts. */
export interface Transport {
  /** Rejects only with KubeFailure. */
  request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse>;
  /** Ends when the server closes the stream; throws a KubeFailure when it breaks. */
  watch(request: KubeRequest, signal: AbortSignal): AsyncIterable<WatchFrame>;
  /** Gives its connections back; whatever is in flight fails. Absent where there is nothing to give back. */
  close?(): Promise<void>;
}

/** Time as a parameter: no bare timers elsewhere. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; it never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Asked before every write; closed means that somebody else may be writing. Always open until there is a Lease. */
export interface Fence {
  open(): boolean;
}

/** Uniform in [0, 1): jitter as a parameter. */
export type Random = () => number;

/** A local copy of one collection, kept current by list and watch. */
export interface Reflector<T> {
  readonly synced: boolean;
  /** Why it is not current now, or undefined. */
  readonly failure: Error | undefined;
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Whether the copy of `key` is at least as new as `resourceVersion`: read your own writes. */
  caughtUp(key: string, resourceVersion: string): boolean;
  /** Calls `listener` with the key of each object that changed or went; returns how to stop that. */
  onChange(listener: (key: string) => void): () => void;
  /** Lists anew, beside what is there: an event seems to be lost. */
  relist(): void;
  stop(): Promise<void>;
}

/** What Kubernetes machinery says about itself; implemented by observe/. Messages are constant, facts are fields. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
