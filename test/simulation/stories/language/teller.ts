import { once } from "node:events";
import { parentPort, Worker } from "node:worker_threads";
import { slug } from "../story.ts";
import { STORIES } from "../tales/all.ts";
import { tell, type Told } from "./telling.ts";
import type { Order } from "./world.ts";

/**
 * Tells stories in a thread of its own: node:test follows every promise of its own thread, and a simulation makes so many that
 * a third of the time would go there.
 */
export class Teller {
  readonly #worker = new Worker(new URL(import.meta.url));

  async tell(name: string, order: Order): Promise<Told> {
    const answer = once(this.#worker, "message");
    this.#worker.postMessage({ name, order });
    // This file is at the other end too.
    const [told] = (await answer) as [Told | { readonly failure: string }];
    if ("failure" in told) throw new Error(`in order ${order.seed}: ${told.failure}`);
    return told;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

async function answer({ name, order }: { readonly name: string; readonly order: Order }): Promise<Told | { readonly failure: string }> {
  const story = STORIES.find((one) => slug(one) === name);
  if (story === undefined) return { failure: `there is no story ${name}` };
  try {
    return await tell(story, order);
  } catch (error) {
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on("message", (asked: Parameters<typeof answer>[0]) => void answer(asked).then((told) => parentPort?.postMessage(told)));
