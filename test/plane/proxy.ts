import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, type Server, createServer, request } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { type Fault, Faults, type Match, statusBody } from "./faults.ts";
import { AddressInUse } from "./ports.ts";
import { WatchStream } from "./watch-stream.ts";

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Undefined when it went through untouched. */
  readonly fault: Fault["kind"] | undefined;
}

type Upstream = Pick<Cluster, "url" | "ca" | "serving">;

/** Stands in front of one API server, with that server's own certificate, and breaks what it is told to. HTTP/1.1 only. */
export class FaultProxy {
  readonly url: string;
  readonly ca: string;
  readonly #port: number;
  readonly #upstream: Upstream;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #faults = new Faults();
  /** By the client's port: a TLS socket cannot be reset, the TCP socket below it can. */
  readonly #sockets = new Map<number, Socket>();
  readonly #watches = new Map<WatchStream, { readonly path: string; readonly socket: Socket }>();
  readonly #requests: SeenRequest[] = [];
  #connections = 0;

  private constructor(upstream: Upstream, port: number, certificate: string, key: string) {
    this.url = `https://127.0.0.1:${port}`;
    this.ca = upstream.ca;
    this.#port = port;
    this.#upstream = upstream;
    this.#agent = new Agent({ keepAlive: true, ca: upstream.ca });
    // An idle connection stays open: closing it would be a fault that nobody asked for.
    const patience = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };
    this.#server = createServer({
      cert: certificate,
      key,
      ALPNProtocols: ["http/1.1"],
      ...patience,
    });
    this.#server.on("connection", (socket) => this.#accepted(socket));
    this.#server.on("secureConnection", () => this.#connections++);
    this.#server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => void this.#serve(incoming, outgoing));
    // A forgotten proxy must not keep a test process alive.
    this.#server.unref();
  }

  static async start(upstream: Upstream, port: number): Promise<FaultProxy> {
    const [certificate, key] = await Promise.all([readFile(upstream.serving.certificate, "utf8"), readFile(upstream.serving.key, "utf8")]);
    const proxy = new FaultProxy(upstream, port, certificate, key);
    await proxy.#listen();
    return proxy;
  }

  /** The newest fault that matches applies; without `match` it is for every request. */
  set(fault: Fault, match: Match = () => true): void {
    this.#faults.set(fault, match);
    if (fault.kind === "refuse") {
      this.#server.close();
      for (const socket of this.#sockets.values()) socket.resetAndDestroy();
    }
    for (const [watch, { path }] of this.#watches) if (this.#faults.stalls("GET", path)) watch.silence();
  }

  /** Ends all faults. Resolves when it listens again. */
  async clear(): Promise<void> {
    this.#faults.clear();
    for (const watch of this.#watches.keys()) watch.goOn();
    if (!this.#server.listening) await this.#listen();
  }

  /** Resets the connections of open watches. */
  cutWatches(): void {
    for (const { socket } of this.#watches.values()) socket.resetAndDestroy();
  }

  /** Sends an ERROR frame of code 410 on open watches and ends them. */
  expireWatches(): void {
    for (const watch of this.#watches.keys()) watch.expire();
  }

  /** All that arrived, oldest first. */
  requests(): readonly SeenRequest[] {
    return [...this.#requests];
  }

  /** TLS connections accepted so far. */
  connections(): number {
    return this.#connections;
  }

  openWatches(): number {
    return this.#watches.size;
  }

  async stop(): Promise<void> {
    this.#faults.clear();
    const closed = this.#server.listening ? new Promise((resolve) => this.#server.close(resolve)) : undefined;
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => reject(new AddressInUse(error.message));
      this.#server.once("error", failed);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", failed);
        resolve();
      });
    });
  }

  #accepted(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    this.#sockets.set(port, socket);
    socket.once("close", () => this.#sockets.delete(port));
    socket.on("error", () => {});
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const method = incoming.method ?? "GET";
    const path = incoming.url ?? "/";
    const fault = this.#faults.take(method, path);
    this.#requests.push({ method, path, at: Date.now(), fault: fault?.kind });
    const socket = this.#sockets.get(incoming.socket.remotePort ?? 0) ?? incoming.socket;
    switch (fault?.kind) {
      case "reset":
      case "refuse":
        socket.resetAndDestroy();
        return;
      case "status": {
        incoming.resume();
        const after = fault.retryAfterSeconds;
        outgoing.writeHead(fault.code, {
          "content-type": "application/json",
          ...(after === undefined ? {} : { "retry-after": `${after}` }),
        });
        outgoing.end(statusBody(fault.code));
        return;
      }
      case "delay":
        await sleep(fault.ms, undefined, { ref: false });
        break;
      case "stall":
        await this.#faults.cleared;
        break;
      case "drop-after-commit":
      case undefined:
        break;
    }
    if (!outgoing.destroyed) this.#forward(incoming, outgoing, socket, fault?.kind === "drop-after-commit");
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, socket: Socket, drop: boolean): void {
    const path = incoming.url ?? "/";
    const upstream = request(this.#upstream.url + path, {
      agent: this.#agent,
      method: incoming.method ?? "GET",
      headers: incoming.headers,
    });
    // What the API server does not answer, the client must not get an answer to.
    upstream.on("error", () => socket.resetAndDestroy());
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
    upstream.on("response", (answer) => {
      if (drop) {
        answer.resume().on("end", () => socket.resetAndDestroy());
        return;
      }
      answer.on("error", () => socket.resetAndDestroy());
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (answer.statusCode === 200 && /[?&]watch=(true|1)\b/.test(path)) this.#watch(answer, outgoing, path, socket);
      else answer.pipe(outgoing);
    });
  }

  #watch(answer: IncomingMessage, outgoing: ServerResponse, path: string, socket: Socket): void {
    const watch = new WatchStream(answer, outgoing);
    this.#watches.set(watch, { path, socket });
    outgoing.on("close", () => this.#watches.delete(watch));
    if (this.#faults.stalls("GET", path)) watch.silence();
  }
}
