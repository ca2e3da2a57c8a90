import { KubeFailure } from "./errors.ts";
import type { KubeRequest, KubeResponse, Transport } from "./ports.ts";

/** At most `limit` requests at once, first come first served. Watches are not counted: they would hold a place for ever. */
export class LimitedTransport implements Transport {
  readonly #transport: Transport;
  readonly #waiting = new Set<() => void>();
  #limit: number;
  #active = 0;

  constructor(transport: Transport, limit: number) {
    this.#transport = transport;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  async request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    await this.#enter(signal);
    try {
      return await this.#transport.request(request, signal);
    } finally {
      this.#active -= 1;
      this.#admit();
    }
  }

  watch(request: KubeRequest, signal: AbortSignal): ReturnType<Transport["watch"]> {
    return this.#transport.watch(request, signal);
  }

  async close(): Promise<void> {
    await this.#transport.close?.();
  }

  #enter(signal: AbortSignal): Promise<void> {
    if (this.#active < this.#limit && this.#waiting.size === 0 && !signal.aborted) {
      this.#active += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        this.#active += 1;
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(new KubeFailure("Aborted", "the call was given up before it was sent"));
      };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(enter);
      this.#admit();
    });
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#active >= this.#limit) return;
      this.#waiting.delete(enter);
      enter();
    }
  }
}
