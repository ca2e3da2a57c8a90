import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** A server on a free port of loopback that nobody serves yet, and its URL: http://127.0.0.1:PORT. */
export async function listening(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server has an address and a port.");
  // A forgotten server must not keep a test process alive.
  server.unref();
  return { server, url: `http://127.0.0.1:${address.port}` };
}
