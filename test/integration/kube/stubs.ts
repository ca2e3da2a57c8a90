/** Small servers for what the plane's API servers do not do: other credentials, proxies, and answers out of spite. */
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Cluster } from "#plane/cluster.ts";

export interface Stub {
  readonly port: number;
  stop(): Promise<void>;
}

async function listen(server: Server): Promise<Stub> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An HTTPS server with the cluster's certificate that asks for a client certificate and accepts any. */
export async function httpsStub(cluster: Cluster, answer: RequestListener): Promise<Stub> {
  const [cert, key] = await Promise.all([readFile(cluster.serving.certificate), readFile(cluster.serving.key)]);
  return listen(createHttpsServer({ cert, key, requestCert: true, rejectUnauthorized: false }, answer));
}

/** An HTTP proxy that tunnels; `seen` gets what it was asked for. */
export function httpProxy(seen: string[]): Promise<Stub> {
  const server = createHttpServer();
  server.on("connect", (request, client: Socket) => {
    seen.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  return listen(server);
}

/** A SOCKS5 proxy without authentication (RFC 1928), for IPv4 addresses and names. */
export function socksProxy(seen: string[]): Promise<Stub> {
  return listen(
    createTcpServer((client) => {
      client.once("data", () => {
        client.write(Uint8Array.of(5, 0));
        client.once("data", (ask: Buffer) => {
          const named = ask[3] === 3;
          const length = named ? (ask[4] ?? 0) + 1 : 4;
          const host = named ? ask.toString("latin1", 5, 4 + length) : ask.subarray(4, 8).join(".");
          const port = ask.readUInt16BE(4 + length);
          seen.push(`${host}:${port}`);
          const upstream = connect(port, host, () => {
            client.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
            upstream.pipe(client).pipe(upstream);
          });
          upstream.on("error", () => client.destroy());
          client.on("error", () => upstream.destroy());
        });
      });
    }),
  );
}
