import { inert, oneLine, releaseOf, short, textOf, type Form, type Message } from "./message.ts";
import type { PostRequest } from "./post.ts";
import type { SlackReceiver } from "./receiver.ts";

/** The longest text of a section: https://docs.slack.dev/reference/block-kit/blocks/section-block */
const LONGEST = 3000;
/** Escaped, a character becomes five at most. */
const LONGEST_VALUE = 500;

const FORM: Form = {
  words: (text) => escaped(inert(text)),
  // A backtick would turn the rest of the line into code.
  value: (text) => escaped(inert(short(oneLine(text), LONGEST_VALUE).replaceAll("`", "'"))),
  bold: true,
};

/** One message to an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function toSlack({ url }: SlackReceiver, message: Message): PostRequest {
  const link = message.url === undefined ? "" : `\n<${escaped(message.url)}|ServiceRelease ${releaseOf(message)}>`;
  const text = fitting(textOf(message, FORM), LONGEST - link.length) + link;
  // verbatim: names and addresses in it become neither mentions nor links.
  const section = { type: "section", text: { type: "mrkdwn", text, verbatim: true } };
  const body = { text, blocks: [section], unfurl_links: false, unfurl_media: false };
  return { method: "POST", url: url.open(), headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body) };
}

/** The three characters that begin and end whatever Slack does not show as it is. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Never half an escape. */
function fitting(text: string, longest: number): string {
  return text.length <= longest ? text : `${short(text, longest - 6).replace(/&[a-z]{0,3}…$/, "…")}`;
}
