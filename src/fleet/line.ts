import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest, KubeResponse, Transport, WatchFrame } from "#kube/ports.ts";

interface Current {
  readonly transport: Transport;
  readonly replaced: AbortController;
  active: number;
}

/**
 * The line to an API server, whose connection can be replaced under those who use it: new calls take the new one, what is
 * in flight ends on the old one, watches on the old one end so that they are opened again, and then it is closed.
 */
export class Line implements Transport {
  #current: Current | undefined;
  #absence = "it is not connected yet";

  /** `undefined` takes the connection away; calls fail with `absence` then. */
  replace(transport: Transport | undefined, absence = ""): void {
    const old = this.#current;
    this.#current = transport === undefined ? undefined : { transport, replaced: new AbortController(), active: 0 };
    this.#absence = absence;
    old?.replaced.abort();
    if (old?.active === 0) void old.transport.close?.();
  }

  async request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const current = this.#connected();
    return this.#during(current, () => current.transport.request(request, signal));
  }

  async *watch(request: KubeRequest, signal: AbortSignal): AsyncGenerator<WatchFrame, void, undefined> {
    const current = this.#connected();
    const { replaced } = current;
    current.active += 1;
    try {
      yield* current.transport.watch(request, AbortSignal.any([signal, replaced.signal]));
    } catch (error) {
      // To whoever watches, a replaced connection is a stream that ended in good order.
      if (signal.aborted || !replaced.signal.aborted) throw error;
    } finally {
      this.#leave(current);
    }
  }

  async #during<R>(current: Current, call: () => Promise<R>): Promise<R> {
    current.active += 1;
    try {
      return await call();
    } finally {
      this.#leave(current);
    }
  }

  #leave(current: Current): void {
    current.active -= 1;
    if (current.active === 0 && current.replaced.signal.aborted) void current.transport.close?.();
  }

  #connected(): Current {
    if (this.#current === undefined) throw new KubeFailure("Unreachable", this.#absence);
    return this.#current;
  }
}
