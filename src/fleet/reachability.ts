import { KubeFailure, type KubeFailureKind } from "#kube/errors.ts";
import type { Clock, Transport } from "#kube/ports.ts";

export type Reachability =
  | { readonly state: "Unknown" } // nothing was asked yet
  | { readonly state: "Reachable" }
  | {
      readonly state: "Unreachable";
      /** Milliseconds since the epoch. */
      readonly since: number;
      /** A sentence for a status; it names a refused credential or a missing right. */
      readonly message: string;
      readonly kind: KubeFailureKind;
    };

/** What requests to one API server tell about whether it can be reached. */
export class Reach {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #state: Reachability = { state: "Unknown" };
  #silent: { readonly since: number; readonly times: number } | undefined;

  /** `changed` is called whenever the state becomes another one. */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get state(): Reachability {
    return this.#state;
  }

  /** Another connection: what was learned over the last one says nothing. */
  forget(): void {
    this.#silent = undefined;
    this.#become({ state: "Unknown" });
  }

  /** `transport`, with its requests watched. Watches are not: who keeps one knows best how it is. */
  observe(transport: Transport): Transport {
    return {
      request: async (request, signal) => {
        try {
          const response = await transport.request(request, signal);
          this.#answered();
          return response;
        } catch (error) {
          this.#failed(error);
          throw error;
        }
      },
      watch: (request, signal) => transport.watch(request, signal),
    };
  }

  #failed(error: unknown): void {
    if (!(error instanceof KubeFailure)) return;
    const { kind, status } = error;
    if (kind === "Aborted" || kind === "Fenced") return;
    if (kind === "Untrusted" || kind === "Unauthorized") return this.#unreachable(error, this.#clock.now());
    const nobodyHome = kind === "Unreachable" || status === 502 || status === 503 || status === 504;
    if (!nobodyHome) return this.#answered();
    this.#silent = {
      since: this.#silent?.since ?? this.#clock.now(),
      times: (this.#silent?.times ?? 0) + 1,
    };
    // One reset of a kept connection is no news; two failures in a row are, and so is a first call that fails.
    if (this.#silent.times >= 2 || this.#state.state !== "Reachable") this.#unreachable(error, this.#silent.since);
  }

  #answered(): void {
    this.#silent = undefined;
    if (this.#state.state !== "Reachable") this.#become({ state: "Reachable" });
  }

  #unreachable({ kind, message }: KubeFailure, since: number): void {
    const before = this.#state;
    if (before.state === "Unreachable" && before.kind === kind && before.message === message) return;
    this.#become({
      state: "Unreachable",
      since: before.state === "Unreachable" ? before.since : since,
      message,
      kind,
    });
  }

  #become(state: Reachability): void {
    this.#state = state;
    this.#changed();
  }
}
