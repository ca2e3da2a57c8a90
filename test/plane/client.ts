import { Agent, request } from "undici";

/** An answer that is not 2xx; `status` is the HTTP code. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type PatchType = "application/merge-patch+json" | "application/json-patch+json" | "application/apply-patch+yaml";

/** The smallest client for one API server. It is not the product's client, so that tests do not trust what they test. */
export class Client {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(url: string, ca: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ connect: { ca }, connections: 16 });
  }

  async request(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<unknown> {
    const answer = await request(this.#url + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode < 200 || answer.statusCode > 299) {
      throw new ApiError(answer.statusCode, `${method} ${path}: ${answer.statusCode} ${messageOf(text)}`);
    }
    return text.startsWith("{") ? JSON.parse(text) : text;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function messageOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message);
  } catch {
    // Not a Status.
  }
  return text.slice(0, 500);
}
