import { createServer } from "node:net";
import { randomInt } from "node:crypto";

/** Below every system's range for outgoing connections, so that no client takes a port between our look and its use. */
const lowest = 20_000;
const highest = 32_000;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Hands out free loopback ports, each one once. Another process may still be faster: see `onFreePorts`. */
export class Ports {
  readonly #given = new Set<number>();

  async next(): Promise<number> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const port = randomInt(lowest, highest);
      if (this.#given.has(port)) continue;
      this.#given.add(port);
      if (await isFree(port)) return port;
    }
    throw new Error(`No free port on 127.0.0.1 between ${lowest} and ${highest}: end some servers and try again.`);
  }
}

export class AddressInUse extends Error {}

/** Starts a server on free ports, and again on others when somebody took one in between. */
export async function onFreePorts<T>(ports: Ports, count: number, start: (...free: number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const free: number[] = [];
    while (free.length < count) free.push(await ports.next());
    try {
      return await start(...free);
    } catch (error) {
      if (!(error instanceof AddressInUse) || attempt === 5) throw error;
    }
  }
}
