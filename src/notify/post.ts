/** The seam between what is told and HTTP: production puts http.ts there, tests and the simulation put what they like. */

export interface PostRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PostAnswer {
  readonly status: number;
  /** What the server asks us to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** The beginning of the body. It may hold secrets: nothing of it is ever shown. */
  readonly body: string;
}

/** One request over HTTP, in limited time, without redirects. Rejects only with Unanswered. */
export interface Post {
  send(request: PostRequest, signal: AbortSignal): Promise<PostAnswer>;
}

/** There is no answer. The message names neither the URL nor a header. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** Whether it is certain that nothing was sent. */
  readonly unsent: boolean;

  constructor(message: string, { unsent }: { readonly unsent: boolean }) {
    super(message);
    this.unsent = unsent;
  }
}
