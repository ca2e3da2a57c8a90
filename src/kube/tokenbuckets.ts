import type { Clock } from "./ports.ts";

/** A token bucket per key: `burst` at once, then one per `refill` milliseconds. Remembers the newest `keys` keys. */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #limits: { readonly burst: number; readonly refill: number; readonly keys: number };
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>();

  constructor(clock: Clock, limits: { readonly burst: number; readonly refill: number; readonly keys: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Whether `key` had a token left; it is taken. */
  take(key: string): boolean {
    const { burst, refill, keys } = this.#limits;
    const now = this.#clock.now();
    const before = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + Math.max(0, now - before.at) / refill);
    const taken = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > keys && oldest !== undefined) this.#buckets.delete(oldest);
    return taken;
  }
}
