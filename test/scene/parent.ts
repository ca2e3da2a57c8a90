import { Agent, request } from "undici";
import { z } from "zod";
import type { Cluster } from "#plane/cluster.ts";
import type { Manifest } from "./manifests.ts";
import { eventually } from "./service.ts";

const REFRESH = "argocd.argoproj.io/refresh";

/** One state of the Application, as a watch has told it: none is left out. */
const sight = z.object({
  metadata: z.object({ resourceVersion: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  operation: z.unknown().optional(),
  status: z
    .object({
      sync: z.object({ status: z.string(), revision: z.string().default("") }).default({ status: "", revision: "" }),
      health: z.object({ status: z.string().default("") }).default({ status: "" }),
      operationState: z
        .object({
          phase: z.string(),
          startedAt: z.string(),
          operation: z.object({ sync: z.object({ revision: z.string().default("") }) }),
        })
        .optional(),
    })
    .default({ sync: { status: "", revision: "" }, health: { status: "" } }),
});
type Sight = z.infer<typeof sight>;

/** The Application that keeps releases as a repository has them, watched from its beginning. */
export class Parent {
  readonly #cluster: Cluster;
  readonly #path: string;
  readonly #agent: Agent;
  readonly #end = new AbortController();
  readonly #sights: Sight[] = [];
  /** How many requests to look again Argo CD has carried out. */
  #looks = 0;
  /** Where the sights begin in which nothing but what the repository says is to be seen. */
  #settledAt = 0;

  private constructor(cluster: Cluster, { metadata }: Manifest) {
    this.#cluster = cluster;
    this.#path = `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${metadata.name}`;
    this.#agent = new Agent({ connect: { ca: cluster.ca }, bodyTimeout: 0 });
  }

  /** Applies `manifest` and watches what becomes of it. */
  static async start(cluster: Cluster, manifest: Manifest): Promise<Parent> {
    const parent = new Parent(cluster, manifest);
    await cluster.apply([manifest]);
    const { metadata } = sight.parse(await cluster.get(parent.#path));
    const query = `watch=1&fieldSelector=metadata.name=${manifest.metadata.name}&resourceVersion=${metadata.resourceVersion}`;
    const { body } = await request(`${cluster.url}/apis/argoproj.io/v1alpha1/namespaces/argocd/applications?${query}`, {
      dispatcher: parent.#agent,
      headers: { authorization: `Bearer ${cluster.token()}` },
      signal: parent.#end.signal,
    });
    void parent.#read(body).catch((error: unknown) => {
      if (!parent.#end.signal.aborted) parent.#failure = error;
    });
    return parent;
  }

  #failure: unknown;

  async #read(body: AsyncIterable<Buffer>): Promise<void> {
    let text = "";
    for await (const chunk of body) {
      const lines = (text + chunk.toString("utf8")).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#see(sight.parse((JSON.parse(line) as { readonly object: unknown }).object));
    }
    throw new Error("the watch has ended");
  }

  #see(seen: Sight): void {
    const before = this.#sights.at(-1);
    if (before?.metadata.annotations[REFRESH] !== undefined && seen.metadata.annotations[REFRESH] === undefined) this.#looks += 1;
    this.#sights.push(seen);
  }

  /**
   * What the repository says at `commit` is there, and no sync of it is under way any more. By then Argo CD may have synced it twice: right
   * after a sync it may compare with a copy that is older than what it has just applied, and heals what is well.
   */
  async synced(commit: string): Promise<void> {
    await this.#ask();
    await this.#until(`it is synced to ${commit}`, (seen) => {
      const { sync, operationState } = seen.status;
      const isDone = operationState?.phase === "Succeeded" && operationState.operation.sync.revision === commit;
      return seen.operation === undefined && sync.status === "Synced" && sync.revision === commit && isDone;
    });
    this.#settledAt = this.#sights.length - 1;
  }

  healthIs(health: string, seconds = 120): Promise<void> {
    return this.#until(`its health is ${health}`, ({ status }) => status.health.status === health, seconds);
  }

  /** Argo CD looks so many times more, each asked for as soon as the one before is done. */
  async looksAgain(times: number): Promise<void> {
    for (const end = this.#looks + times; this.#looks < end;) {
      const before = this.#looks;
      await this.#ask();
      await this.#until("Argo CD looks again", () => this.#looks > before);
    }
  }

  /** The sync statuses other than Synced since it was synced last, and the syncs that were begun. */
  get drift(): readonly string[] {
    const [first, ...later] = this.#since;
    const begun = later.filter(({ status: { operationState: one } }) => one?.startedAt !== first?.status.operationState?.startedAt);
    const syncs = begun.map(({ status: { operationState: one } }) => `sync of ${one?.startedAt}`);
    return [...later.map(({ status }) => status.sync.status).filter((status) => status !== "Synced"), ...new Set(syncs)];
  }

  /** Its healths since it was synced last, each change once. */
  get healths(): readonly string[] {
    const all = this.#since.map(({ status }) => status.health.status);
    return all.filter((health, index) => health !== all[index - 1]);
  }

  get #since(): readonly Sight[] {
    return this.#sights.slice(this.#settledAt);
  }

  async #ask(): Promise<void> {
    await this.#cluster.patch(this.#path, { metadata: { annotations: { [REFRESH]: "normal" } } });
  }

  #until(what: string, holds: (seen: Sight) => boolean, seconds = 60): Promise<void> {
    return eventually(
      async () => {
        if (this.#failure !== undefined) throw this.#failure;
        const last = this.#sights.at(-1);
        return last !== undefined && holds(last);
      },
      () => `${what}: that did not come true. The Application is ${JSON.stringify(this.#sights.at(-1), null, 2)}`,
      seconds,
    );
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#agent.destroy();
  }
}
