import type { Random } from "./ports.ts";

/** How long to wait between attempts, in milliseconds. */
export interface Backoff {
  readonly base: number;
  readonly cap: number;
}

/** A server that asks for more than this, in milliseconds, is asked again all the same. */
const longestRetryAfter = 5 * 60_000;

/**
 * Milliseconds to wait before attempt number `attempt` (0 is the first retry): exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `retryAfter` is a floor, and the
 * jitter comes on top of it, so that the thousand clients told to wait one second do not return together.
 */
export function backoff(attempt: number, { base, cap }: Backoff, random: Random, retryAfter = 0): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return Math.round(Math.min(retryAfter, longestRetryAfter) + random() * ceiling);
}
