import type { Clock } from "./ports.ts";

/** The machine's own time: the one place with a timer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      // A longer delay than 2^31-1 ms would fire at once: https://nodejs.org/api/timers.html
      const timer = setTimeout(wake, Math.min(Math.max(ms, 0), 2_147_483_647));
      signal.addEventListener("abort", wake, { once: true });
    }),
};
