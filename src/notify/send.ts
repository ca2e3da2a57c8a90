import type { ReceiverType } from "#api/notifications.ts";
import type { Message } from "./message.ts";
import { toCommit } from "./commits.ts";
import { failureOf, resultOf, type SendResult } from "./outcome.ts";
import type { Post, PostRequest } from "./post.ts";
import type { UsableReceiver } from "./receiver.ts";
import { toSlack } from "./slack.ts";
import { toWebhook } from "./webhook.ts";

export interface Sending {
  readonly post: Post;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether this message may have been sent before. */
  readonly again: boolean;
}

/** Sends one message once. It never throws. */
export async function send(
  receiver: UsableReceiver,
  message: Message,
  { post, now, again }: Sending,
  signal: AbortSignal,
): Promise<SendResult> {
  switch (receiver.type) {
    case "Slack":
      return sendOne(post, toSlack(receiver, message), signal);
    case "Webhook":
      return sendOne(post, toWebhook(receiver, message, now), signal);
    case "GitHub":
    case "GitLab":
      return toCommit(receiver, message, post, signal, again);
  }
}

async function sendOne(post: Post, request: PostRequest, signal: AbortSignal): Promise<SendResult> {
  try {
    return resultOf(await post.send(request, signal));
  } catch (error) {
    return failureOf(error);
  }
}

/** Whether a message may be sent twice: who gets it knows it again by its id, its label or its marker. */
export function isRepeatable(type: ReceiverType): boolean {
  return type !== "Slack";
}
