import { createHmac } from "node:crypto";
import { oneLine, short, textOf, type Form, type Message } from "./message.ts";
import type { PostRequest } from "./post.ts";
import type { WebhookReceiver } from "./receiver.ts";

const LONGEST_TEXT = 4000;
const FORM: Form = { words: (text) => text, value: oneLine, bold: false };

/**
 * One signed message, as https://www.standardwebhooks.com has it: HMAC-SHA256 over its id, the time and the body. `now` in
 * milliseconds since the epoch.
 */
export function toWebhook({ url, signingKey }: WebhookReceiver, message: Message, now: number): PostRequest {
  const { id, phase, at, values } = message;
  const { ready, total, commit, approval, outcome, ...rest } = values;
  const data = {
    ...rest,
    ...(commit === "" ? {} : { commit }),
    ...(approval === "" ? {} : { approval }),
    ...(message.outcome === undefined ? {} : { outcome }),
    clusters: { ready: Number(ready), total: Number(total) },
    ...(message.url === undefined ? {} : { url: message.url }),
    text: short(textOf(message, FORM), LONGEST_TEXT),
  };
  const body = JSON.stringify({ type: `release.${phase}`, id, timestamp: at, data });
  const seconds = `${Math.floor(now / 1000)}`;
  return {
    method: "POST",
    url: url.open(),
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${signature(signingKey.open(), id, seconds, body)}`,
    },
    body,
  };
}

/** Base64. */
export function signature(key: Buffer, id: string, seconds: string, body: string): string {
  return createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
}
