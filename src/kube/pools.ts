import { isIP } from "node:net";
import { createSecureContext, type ConnectionOptions, type SecureContext } from "node:tls";
import { KubeConfig, type DispatcherOptions, type RequestContext } from "@kubernetes/client-node";
import { Agent, ProxyAgent, type Dispatcher } from "undici";
import { KubeFailure } from "./errors.ts";

/** The parameters of one API server's connections; times in milliseconds, sizes in bytes. */
export interface PoolLimits {
  /** Connections for requests; watches hold connections of their own, so that they never starve a request. */
  readonly connections: number;
  readonly connect: number;
  /** kube-apiserver closes idle connections after 90 s; below that we are the one who closes, and no request meets a closed one. */
  readonly keepAlive: number;
  readonly largestAnswer: number;
}

/** The pooled connections to one API server. A change of TLS material or proxy replaces them; a new token does not. */
export class Pools {
  readonly #limits: PoolLimits;
  #current: { readonly recipe: string; readonly requests: Dispatcher; readonly watches: Dispatcher } | undefined;
  #closed = false;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  get requests(): Dispatcher | undefined {
    return this.#current?.requests;
  }

  get watches(): Dispatcher | undefined {
    return this.#current?.watches;
  }

  /** Makes the pools that `options` ask for, unless they are the ones at hand. Throws KubeFailure for what cannot be made. */
  use(options: DispatcherOptions): void {
    if (this.#closed) throw new KubeFailure("Unreachable", "this connection was closed");
    const { proxy, tls } = material(options);
    const recipe = JSON.stringify([proxy, tls.servername, tls.rejectUnauthorized, ...[tls.ca, tls.cert, tls.key].map(pem)]);
    if (this.#current?.recipe === recipe) return;
    const retired = this.#current;
    const secured = secure(tls, this.#limits.connect);
    this.#current = {
      recipe,
      requests: this.#dispatcher(proxy, secured, this.#limits.connections),
      watches: this.#dispatcher(proxy, secured, undefined),
    };
    // `close` lets what is in flight end; its watches end by themselves within minutes.
    void retired?.requests.close();
    void retired?.watches.close();
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    const last = this.#current;
    this.#current = undefined;
    await Promise.all([last?.requests.destroy(), last?.watches.destroy()]);
  }

  #dispatcher(proxy: string | undefined, tls: Secured, connections: number | undefined): Dispatcher {
    const options = {
      connections: connections ?? null,
      allowH2: false, // multiplexing is faster, but Node's HTTP/2 leaks under load: nodejs/node#44523, undici#3140
      keepAliveTimeout: this.#limits.keepAlive,
      keepAliveMaxTimeout: this.#limits.keepAlive,
      // Deadlines are our own Clock's.
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(connections === undefined ? {} : { maxResponseSize: this.#limits.largestAnswer }),
    };
    const connect = { ...tls, allowH2: false, keepAlive: true, keepAliveInitialDelay: 30_000 };
    if (proxy === undefined) return new Agent({ ...options, connect });
    return new ProxyAgent({ ...options, uri: proxy, requestTls: connect });
  }
}

/** client-node's KubeConfig with connections that are kept. It makes an Agent for every call, and none is ever closed. */
export class PooledKubeConfig extends KubeConfig {
  readonly #pools: Pools;

  /** A copy of `config` with fresh authenticators: what they had cached is read again. */
  constructor(config: KubeConfig, pools: Pools) {
    super();
    this.#pools = pools;
    this.loadFromOptions({
      clusters: config.clusters,
      users: config.users,
      contexts: config.contexts,
      currentContext: config.currentContext,
    });
  }

  /** Takes the options for the shared pools and answers "none", so that the base class makes no Agent of its own. */
  override createDispatcherOptions(...args: Parameters<KubeConfig["createDispatcherOptions"]>): DispatcherOptions {
    const options = super.createDispatcherOptions(...args);
    const [cluster] = args;
    if (options.type === "socks" && options.requestTls.servername === undefined && isAddress(cluster?.server)) {
      // undici takes the address as the TLS name then, which Node refuses (RFC 6066 forbids it).
      throw new KubeFailure("Invalid", "a SOCKS5 proxy to an IP address needs serverName (tls-server-name), such as kubernetes");
    }
    this.#pools.use(options);
    return { type: "none" };
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    if (this.#pools.requests !== undefined) context.setDispatcher(this.#pools.requests);
  }
}

/** client-node hands PEM over as buffers, whose JSON would be a number per byte. */
function pem(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value.toString("latin1") : value;
}

function isAddress(server: string | undefined): boolean {
  return isIP(URL.parse(server ?? "")?.hostname.replace(/^\[|\]$/g, "") ?? "") !== 0;
}

function material(options: DispatcherOptions): {
  readonly proxy: string | undefined;
  readonly tls: ConnectionOptions;
} {
  switch (options.type) {
    case "none":
      return { proxy: undefined, tls: {} };
    case "agent":
      return { proxy: undefined, tls: options.connect };
    case "proxy":
    case "socks":
      return { proxy: proxyUrl(options.uri), tls: options.requestTls };
  }
}

/** undici speaks to http, https and socks5 proxies; it resolves names at the proxy, which is what socks5h asks for. */
function proxyUrl(uri: string): string {
  const url = URL.parse(uri.replace(/^socks5h:/, "socks5:"));
  if (url !== null && ["http:", "https:", "socks5:"].includes(url.protocol)) return url.href;
  throw new KubeFailure("Invalid", "the proxy URL must start with http://, https:// or socks5://");
}

/** One SecureContext for all connections of a server: 15 to 30 % less memory per connection than one each. */
interface Secured {
  readonly secureContext: SecureContext;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
  readonly timeout: number;
}

function secure(tls: ConnectionOptions, connect: number): Secured {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = tls;
  try {
    return {
      secureContext: createSecureContext({ ca, cert, key, passphrase }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      timeout: connect,
    };
  } catch {
    // What OpenSSL says about a key is not for logs.
    throw new KubeFailure("Untrusted", "the CA, client certificate or key is not a valid PEM, or the two do not belong together");
  }
}
