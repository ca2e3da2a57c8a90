import type { IncomingMessage, ServerResponse } from "node:http";
import { statusBody } from "./faults.ts";

/** One open watch through a proxy. It forwards whole frames only, so that another one can be put between two. */
export class WatchStream {
  readonly #upstream: IncomingMessage;
  readonly #client: ServerResponse;
  #part: Buffer = Buffer.alloc(0);

  constructor(upstream: IncomingMessage, client: ServerResponse) {
    this.#upstream = upstream;
    this.#client = client;
    upstream.on("data", (chunk: Buffer) => this.#forward(chunk));
    upstream.on("end", () => client.end(this.#part));
    client.flushHeaders();
  }

  #forward(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#part, chunk]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#client.write(bytes.subarray(0, end));
    this.#part = bytes.subarray(end);
  }

  silence(): void {
    this.#upstream.pause();
  }

  goOn(): void {
    this.#upstream.resume();
  }

  /** What an API server sends when the history that a watch needs was compacted. */
  expire(): void {
    if (this.#client.writableEnded) return;
    this.#upstream.removeAllListeners("data").removeAllListeners("end");
    this.#client.end(`{"type":"ERROR","object":${statusBody(410)}}\n`);
    this.#upstream.destroy();
  }
}
