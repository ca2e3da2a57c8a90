import { API_VERSION } from "#api/rules.ts";
import { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import type { Clock, Transport } from "#kube/ports.ts";
import { SELF, type Kind } from "./kinds.ts";
import type { Connected, Terminal } from "./terminal.ts";
import { troubleOf, type Verb } from "./trouble.ts";
import { Wrong } from "./wrong.ts";

/** Field manager of what a person or a pipeline declares. */
const MANAGER = "conductor";

/** One command's dealings with the API server: what goes wrong is said as a sentence (Wrong) that tells what to do. */
export class Session {
  readonly client: KubeClient;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly namespace: string;
  readonly server: string;
  readonly signal: AbortSignal;

  constructor({ transport, namespace, server }: Connected, { clock, interrupted }: Terminal) {
    this.client = new KubeClient(transport, { open: () => true }, clock, Math.random);
    this.transport = transport;
    this.clock = clock;
    this.namespace = namespace;
    this.server = server;
    this.signal = interrupted;
  }

  /** Throws Wrong, also when there is none. */
  get<T>(kind: Kind<T>, name: string, namespace = this.namespace): Promise<T> {
    return this.#do("get", kind, name, () => this.client.get(object(kind.resource, namespace, name), this.signal).then(kind.parse));
  }

  /** undefined when there is none. Throws Wrong. */
  async find<T>(kind: Kind<T>, name: string, namespace = this.namespace): Promise<T | undefined> {
    return this.#do("get", kind, name, async () => {
      try {
        return kind.parse(await this.client.get(object(kind.resource, namespace, name), this.signal));
      } catch (error) {
        // The kind itself may be what is not there.
        if (failed(error, "NotFound") && error.message.includes(name)) return undefined;
        throw error;
      }
    });
  }

  /** undefined when it cannot be read for lack of the right: what is optional is left out. */
  async mayFind<T>(kind: Kind<T>, name: string): Promise<T | undefined> {
    try {
      return kind.parse(await this.client.get(object(kind.resource, this.namespace, name), this.signal));
    } catch (error) {
      if (failed(error, "Forbidden", "NotFound")) return undefined;
      throw troubleOf(error, { verb: "get", kind, name, namespace: this.namespace, server: this.server });
    }
  }

  /** Of the namespace, or of all. Throws Wrong. */
  async list<T>(kind: Kind<T>, everywhere = false): Promise<readonly T[]> {
    const path = collection(kind.resource, everywhere ? undefined : this.namespace);
    const { items } = await this.#do("list", kind, undefined, () => this.client.list(path, {}, this.signal), everywhere);
    return items.map((item) => kind.parse({ apiVersion: API_VERSION, kind: kind.kind, ...item }));
  }

  /** Those of the namespace; undefined when they cannot be read for lack of the right. Throws Wrong. */
  async mayList<T>(kind: Kind<T>): Promise<readonly T[] | undefined> {
    try {
      return await this.list(kind);
    } catch (error) {
      if (error instanceof Wrong && failed(error.cause, "Forbidden")) return undefined;
      throw error;
    }
  }

  /** Declares an object by server-side apply. Throws Wrong. */
  apply<T>(kind: Kind<T>, name: string, body: object, force = false): Promise<T> {
    const path = object(kind.resource, this.namespace, name);
    return this.#do("apply", kind, name, () =>
      this.client.apply(path, body, { fieldManager: MANAGER, force }, this.signal).then(kind.parse),
    );
  }

  create<T>(kind: Kind<T>, name: string, body: object): Promise<T> {
    return this.#do("create", kind, name, () =>
      this.client.create(collection(kind.resource, this.namespace), body, this.signal).then(kind.parse),
    );
  }

  patch<T>(kind: Kind<T>, name: string, body: object): Promise<T> {
    return this.#do("patch", kind, name, () =>
      this.client.mergePatch(object(kind.resource, this.namespace, name), body, this.signal).then(kind.parse),
    );
  }

  delete<T>(kind: Kind<T>, name: string): Promise<void> {
    return this.#do("delete", kind, name, () => this.client.delete(object(kind.resource, this.namespace, name), this.signal));
  }

  /** As whom the API server knows who runs this. Throws Wrong. */
  async user(): Promise<string> {
    const { group, version } = SELF.resource;
    const body = { apiVersion: `${group}/${version}`, kind: SELF.kind };
    const asked = (): Promise<unknown> => this.client.create(collection(SELF.resource), body, this.signal);
    const { status } = await this.#do("create", SELF, undefined, () => asked().then(SELF.parse));
    return status.userInfo.username;
  }

  async close(): Promise<void> {
    await this.transport.close?.();
  }

  async #do<T, R>(verb: Verb, kind: Kind<T>, name: string | undefined, call: () => Promise<R>, everywhere = false): Promise<R> {
    try {
      return await call();
    } catch (error) {
      throw troubleOf(error, { verb, kind, name, namespace: everywhere ? undefined : this.namespace, server: this.server });
    }
  }
}
