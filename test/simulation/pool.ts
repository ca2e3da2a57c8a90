import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** Work on as many cores as there are, at most `most`: each worker takes the next item when it is done with the last. */
export async function onAllCores<T, R>(file: URL, items: readonly T[], took: (item: T, result: R) => void, most = 2): Promise<void> {
  const queue = items.values();
  const count = Math.max(1, Math.min(most, availableParallelism(), items.length));
  await Promise.all(Array.from({ length: count }, () => one(new Worker(file), queue, took)));
}

/** How many items are sent at once: a worker never waits for the next. */
const AHEAD = 2;

function one<T, R>(worker: Worker, queue: Iterator<T>, took: (item: T, result: R) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent: T[] = [];
    const send = (): void => {
      const next = queue.next();
      if (next.done === true) {
        if (sent.length === 0) void worker.terminate().then(() => resolve());
        return;
      }
      sent.push(next.value);
      worker.postMessage(next.value);
    };
    worker.on("error", reject);
    worker.on("message", (result: R) => {
      const item = sent.shift();
      if (item !== undefined) took(item, result);
      send();
    });
    for (let index = 0; index < AHEAD; index += 1) send();
  });
}
