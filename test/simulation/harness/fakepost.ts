import type { JsonObject } from "#simulation/json.ts";
import { REGISTRY, TEAM } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { Unanswered, type Post, type PostAnswer, type PostRequest } from "#notify/post.ts";

/** What a receiver that is played does with one request, `after` milliseconds after it came. */
export interface Reply {
  readonly after?: number;
  /** An answer; "unsent": nobody was reached; "silent": nobody says whether it has arrived. */
  readonly with: Partial<PostAnswer> | "unsent" | "silent";
}

export interface Got {
  /** Milliseconds since the simulation began. */
  readonly at: number;
  readonly method: PostRequest["method"];
  readonly url: string;
  readonly headers: PostRequest["headers"];
  readonly body: Record<string, unknown> | undefined;
}

/** Plays receivers in virtual time. What reaches it is in `got`, whether the conductor hears an answer or not. */
export class FakePost implements Post {
  readonly got: Got[] = [];
  /** Says what comes of a request. Default: 200, at once. */
  script: (request: Got, count: number) => Reply = () => ({ with: { status: 200 } });
  simulation: Simulation | undefined;
  #start = 0;

  plays(simulation: Simulation): void {
    this.simulation = simulation;
    this.#start = simulation.clock.now();
  }

  send({ method, url, headers, body }: PostRequest): Promise<PostAnswer> {
    const { simulation } = this;
    if (simulation === undefined) throw new Error("nobody said which simulation it plays in");
    const request: Got = {
      at: simulation.clock.now() - this.#start,
      method,
      url: url.href,
      headers,
      body: body === undefined ? undefined : (JSON.parse(body) as Record<string, unknown>),
    };
    const { after = 0, with: reply } = this.script(request, this.got.length);
    if (reply !== "unsent") this.got.push(request);
    return new Promise((resolve, reject) => {
      simulation.clock.after(after, () => {
        if (reply === "unsent") reject(new Unanswered("no connection (ECONNREFUSED)", { unsent: true }));
        else if (reply === "silent") reject(new Unanswered("no answer within 10 s", { unsent: false }));
        else resolve({ status: 200, retryAfter: undefined, body: "", ...reply });
      });
    });
  }
}

/** A receiver's Secret in the management cluster. */
export function receiver(name: string, data: Readonly<Record<string, string>>, annotations: JsonObject = {}): JsonObject {
  const allowed = { "conductor.dev/allowed-namespaces": TEAM };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: REGISTRY,
      labels: { "conductor.dev/secret-type": "receiver" },
      annotations: { ...allowed, ...annotations },
    },
    stringData: data,
  };
}
