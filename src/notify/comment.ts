import { inert, oneLine, releaseOf, short, textOf, type Form, type Message } from "./message.ts";

/** What is said on a commit: a status of one line, and a comment in Markdown. */

/** GitHub cuts nothing and refuses more: 140 characters. GitLab takes 255. */
const LONGEST_DESCRIPTION = 140;
const LONGEST_VALUE = 1000;

const PLAIN: Form = { words: oneLine, value: oneLine, bold: false };

/** In code nothing is a mention, a link, a reference or HTML; and a value cannot end the code. */
const MARKDOWN: Form = {
  // A line that begins with a slash is a command to GitLab: it stays one line.
  words: (text) =>
    inert(oneLine(text))
      .replaceAll("`", "'")
      .replaceAll("<", "&lt;")
      .replaceAll(/[[\]\\]/g, "\\$&"),
  value: (text) => {
    const kept = short(oneLine(text), LONGEST_VALUE).replaceAll("`", "'").trim();
    return kept === "" ? "" : `\`${kept}\``;
  },
  bold: false,
};

export function descriptionOf(message: Message): string {
  return short(textOf(message, PLAIN), LONGEST_DESCRIPTION);
}

/** By which a comment is found again; nobody sees it. */
export function markerOf({ id }: Message): string {
  return `<!-- conductor.dev/message: ${id} -->`;
}

export function commentOf(message: Message): string {
  const link = message.url === undefined ? "" : `\n\n[ServiceRelease ${releaseOf(message)}](<${message.url}>)`;
  return `${markerOf(message)}\n${textOf(message, MARKDOWN)}${link}`;
}

/** The label of a status: one for each release, so that a newer one takes the place of an older. */
export function contextOf(message: Message): string {
  return `conductor/${releaseOf(message)}`;
}
