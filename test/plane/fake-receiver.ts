import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { z } from "zod";
import { listening } from "./loopback.ts";

/** Whose API it plays. */
export type Played = "Slack" | "Webhook" | "GitHub" | "GitLab";

export interface Received {
  readonly played: Played;
  readonly method: string;
  /** Below the base URL, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // What came, as JSON: a test says what it must be.
  readonly body: Readonly<Record<string, unknown>>;
}

/** What it does: as the real one would, another status, or nothing until it is let go. */
export type Reply = "as usual" | "hold" | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export type ReceiverScript = (request: Received) => Reply;

/** The bodies that the public documentation knows, and nothing more. */
const SHAPES = {
  slack: z.strictObject({
    text: z.string().min(1),
    blocks: z.array(
      z.strictObject({
        type: z.literal("section"),
        text: z.strictObject({ type: z.literal("mrkdwn"), text: z.string().min(1).max(3000), verbatim: z.literal(true) }),
      }),
    ),
    unfurl_links: z.literal(false),
    unfurl_media: z.literal(false),
  }),
  webhook: z.strictObject({ type: z.string(), id: z.string(), timestamp: z.iso.datetime(), data: z.record(z.string(), z.unknown()) }),
  // https://docs.github.com/en/rest/commits/statuses#create-a-commit-status, and …/comments#create-a-commit-comment
  githubStatus: z.strictObject({
    state: z.enum(["error", "failure", "pending", "success"]),
    context: z.string().min(1),
    description: z.string().max(140),
  }),
  githubComment: z.strictObject({ body: z.string().min(1) }),
  // https://docs.gitlab.com/api/commits/#set-commit-pipeline-status, and …#post-comment-to-commit
  gitlabStatus: z.strictObject({
    state: z.enum(["pending", "running", "success", "failed", "canceled", "skipped"]),
    name: z.string().min(1).max(255),
    description: z.string().max(255),
  }),
  gitlabComment: z.strictObject({ note: z.string().min(1) }),
};

interface Status {
  readonly id: number;
  readonly status: string;
  readonly name: string;
}

export interface Secrets {
  /** The last part of Slack's URL. */
  readonly slack: string;
  /** The key that a webhook is signed with. */
  readonly signingKey: string;
  readonly token: string;
}

/** Plays the APIs that the conductor tells of releases, on loopback. What it answers is scripted; who asks is real. */
export class FakeReceiver implements AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly received: Received[] = [];
  /** What was asked wrongly: nothing of it may be there when a test ends. */
  readonly failures: string[] = [];
  script: ReceiverScript = () => "as usual";
  readonly #secrets: Secrets;
  readonly #server: Server;
  /** By whose they are, and the commit that they are on. */
  readonly #statuses = new Map<string, Status[]>();
  readonly #comments = new Map<string, string[]>();
  #held: (() => void)[] = [];

  private constructor(server: Server, url: string, secrets: Secrets) {
    this.#server = server;
    this.#secrets = secrets;
    this.url = url;
    server.on("request", (incoming, outgoing) => {
      void this.#serve(incoming, outgoing).catch((error: unknown) => {
        this.failures.push(error instanceof Error ? error.message : String(error));
        send(outgoing, 422, { message: "wrong" });
      });
    });
  }

  static async start(secrets: Secrets): Promise<FakeReceiver> {
    const { server, url } = await listening();
    return new FakeReceiver(server, url, secrets);
  }

  /** The data of the receiver's Secret. */
  secretOf(played: Played): Readonly<Record<string, string>> {
    const { slack, signingKey, token } = this.#secrets;
    switch (played) {
      case "Slack":
        return { type: played, url: `${this.url}/slack/services/T0/B0/${slack}` };
      case "Webhook":
        return { type: played, url: `${this.url}/hook`, signingKey };
      case "GitHub":
        return { type: played, url: `${this.url}/github`, token };
      case "GitLab":
        return { type: played, url: `${this.url}/gitlab/api/v4`, token };
    }
  }

  of(played: Played): readonly Received[] {
    return this.received.filter((one) => one.played === played);
  }

  /** Answers whatever was held. */
  letGo(): void {
    const held = this.#held;
    this.#held = [];
    for (const answer of held) answer();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = received(incoming, await bodyText(incoming));
    this.received.push(request);
    const reply = this.script(request);
    if (typeof reply === "object") return send(outgoing, reply.status, { message: "scripted" }, reply.headers);
    // It acts at once, and answers when it is let go: so that who dies meanwhile does not know.
    const answer = this.#act(request);
    if (reply === "hold") await new Promise<void>((resolve) => void this.#held.push(resolve));
    send(outgoing, answer.status, answer.body);
  }

  #act(request: Received): { readonly status: number; readonly body: object | string } {
    switch (request.played) {
      case "Slack":
        SHAPES.slack.parse(request.body);
        return request.path.endsWith(this.#secrets.slack) ? { status: 200, body: "ok" } : { status: 404, body: "no_service" };
      case "Webhook":
        SHAPES.webhook.parse(request.body);
        return { status: this.#isSigned(request) ? 204 : 401, body: "" };
      case "GitHub":
        if (request.headers["authorization"] !== `Bearer ${this.#secrets.token}`) return { status: 401, body: {} };
        return this.#github(request);
      case "GitLab":
        if (request.headers["private-token"] !== this.#secrets.token) return { status: 401, body: {} };
        return this.#gitlab(request);
    }
  }

  /** As docs/notifications.md says that a receiver shall check it. */
  #isSigned({ headers, text, body }: Received): boolean {
    const { "webhook-id": id = "", "webhook-timestamp": timestamp = "", "webhook-signature": signature = "" } = headers;
    const wanted = createHmac("sha256", this.#secrets.signingKey).update(`${id}.${timestamp}.${text}`).digest("base64");
    return signature === `v1,${wanted}` && body["id"] === id && Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  }

  #github({ method, path, body, headers }: Received) {
    if (headers["x-github-api-version"] !== "2022-11-28" || headers["user-agent"] === undefined)
      throw new Error("GitHub needs its headers");
    const [, sha] = /^\/repos\/acme\/[\w.-]+\/statuses\/([0-9a-f]{40})$/.exec(path) ?? [];
    if (sha !== undefined && method === "POST") {
      const { state, context } = SHAPES.githubStatus.parse(body);
      return { status: 201, body: this.#status("GitHub", sha, state, context) };
    }
    const [, commented] = /^\/repos\/acme\/[\w.-]+\/commits\/([0-9a-f]{40})\/comments(?:\?per_page=\d+&page=\d+)?$/.exec(path) ?? [];
    if (commented === undefined) throw new Error(`nobody plays ${method} ${path} here`);
    if (method === "GET") return { status: 200, body: this.#commentsOn("GitHub", commented).map((text) => ({ body: text })) };
    this.#commentsOn("GitHub", commented).push(SHAPES.githubComment.parse(body).body);
    return { status: 201, body: {} };
  }

  #gitlab({ method, path, body }: Received) {
    const [, sha] = /^\/projects\/acme%2F[\w.-]+\/statuses\/([0-9a-f]{40})$/.exec(path) ?? [];
    if (sha !== undefined && method === "POST") {
      const { state, name } = SHAPES.gitlabStatus.parse(body);
      const newest = this.#statusesOn("GitLab", sha).findLast((one) => one.name === name);
      // As GitLab does before 18.
      if (newest?.status === state) return { status: 400, body: { message: `Cannot transition status via :run from :${state}` } };
      return { status: 201, body: this.#status("GitLab", sha, state, name) };
    }
    const [, at, what] = /^\/projects\/acme%2F[\w.-]+\/repository\/commits\/([0-9a-f]{40})\/(statuses|comments)(?:\?.*)?$/.exec(path) ?? [];
    if (at === undefined) throw new Error(`nobody plays ${method} ${path} here`);
    if (what === "statuses") return { status: 200, body: this.#statusesOn("GitLab", at) };
    if (method === "GET") return { status: 200, body: this.#commentsOn("GitLab", at).map((note) => ({ note })) };
    this.#commentsOn("GitLab", at).push(SHAPES.gitlabComment.parse(body).note);
    return { status: 201, body: {} };
  }

  /** The states that a commit was given, oldest first, as `name: state`. */
  statusesOf(played: Played, sha: string): readonly string[] {
    return this.#statusesOn(played, sha).map(({ name, status }) => `${name}: ${status}`);
  }

  commentsOf(played: Played, sha: string): readonly string[] {
    return this.#commentsOn(played, sha);
  }

  #status(played: Played, sha: string, status: string, name: string): Status {
    const list = this.#statusesOn(played, sha);
    const made = { id: list.length + 1, status, name };
    list.push(made);
    return made;
  }

  #statusesOn(played: Played, sha: string): Status[] {
    const list = this.#statuses.get(`${played} ${sha}`) ?? [];
    this.#statuses.set(`${played} ${sha}`, list);
    return list;
  }

  #commentsOn(played: Played, sha: string): string[] {
    const list = this.#comments.get(`${played} ${sha}`) ?? [];
    this.#comments.set(`${played} ${sha}`, list);
    return list;
  }

  /** Ends its connections, also those that are held. */
  async stop(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const BASES: readonly (readonly [string, Played])[] = [
  ["/slack", "Slack"],
  ["/hook", "Webhook"],
  ["/github", "GitHub"],
  ["/gitlab/api/v4", "GitLab"],
];

function received({ url = "/", method = "", headers }: IncomingMessage, text: string): Received {
  const [base, played] = BASES.find(([one]) => url === one || url.startsWith(`${one}/`)) ?? [];
  if (base === undefined || played === undefined) throw new Error(`nobody plays ${method} ${url} here`);
  const words = Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
  const body = z.record(z.string(), z.unknown()).parse(text === "" ? {} : JSON.parse(text));
  return { played, method, path: url.slice(base.length), headers: Object.fromEntries(words), text, body };
}

async function bodyText(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += String(chunk);
  return text;
}

function send(outgoing: ServerResponse, status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(status === 204 ? undefined : typeof body === "string" ? body : JSON.stringify(body));
}
