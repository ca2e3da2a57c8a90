import { Unanswered, type PostAnswer } from "./post.ts";

/** What came of one attempt. Messages hold a status code at most, and nothing that a server said. */
export type SendResult =
  | { readonly kind: "Sent"; readonly message: string }
  /** It did not arrive, and the same would not do later. */
  | { readonly kind: "Refused"; readonly message: string }
  /** It certainly did not arrive; `retryAfter` in milliseconds. */
  | { readonly kind: "NotNow"; readonly message: string; readonly retryAfter: number | undefined }
  /** It may have arrived. */
  | { readonly kind: "Unknown"; readonly message: string };

/** What an answer says of a message. */
export function resultOf({ status, retryAfter }: PostAnswer): SendResult {
  if (status >= 200 && status < 300) return { kind: "Sent", message: `answered ${status}` };
  const message = `answered ${status}`;
  if (status >= 300 && status < 400)
    return { kind: "Refused", message: `${message}: redirects are not followed, correct the receiver's url` };
  // 503 says that nothing was done. Behind other failures of a server, or of a proxy before it, it may have been.
  if (status === 429 || status === 503 || (status === 403 && retryAfter !== undefined)) return { kind: "NotNow", message, retryAfter };
  if (status >= 500 || status === 408) return { kind: "Unknown", message };
  return { kind: "Refused", message: `${message}: ${hint(status)}` };
}

function hint(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return "correct the receiver's credential, or what it may do";
    case 404:
    case 410:
      return "correct the receiver's url, the repository or the commit";
    default:
      return "it refuses what is sent";
  }
}

/** What it says of a message that there is no answer. */
export function failureOf(error: unknown): SendResult {
  if (!(error instanceof Unanswered)) throw error;
  return error.unsent ? { kind: "NotNow", message: error.message, retryAfter: undefined } : { kind: "Unknown", message: error.message };
}
