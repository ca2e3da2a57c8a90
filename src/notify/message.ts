import { MESSAGE_VARIABLES, type MessageVariable, type Notification, type NotificationPhase } from "#api/notifications.ts";
import type { Outcome } from "#api/reasons.ts";

/** What is told, before it is put into the form of a receiver. */
export interface Message {
  /** The same for the same message, however often it is sent. */
  readonly id: string;
  readonly phase: NotificationPhase;
  /** How the run ended; undefined while it has not. */
  readonly outcome: Outcome | undefined;
  /** When that happened, RFC 3339. */
  readonly at: string;
  readonly values: Readonly<Record<MessageVariable, string>>;
  /** acme/checkout, where a commit is told. */
  readonly repository: string | undefined;
  readonly comment: boolean;
  /** Where people see the release; undefined where nobody has said. */
  readonly url: string | undefined;
  readonly templates: Notification["templates"];
}

const DEFAULTS: Readonly<Record<NotificationPhase, string>> = {
  Started: "*{{service}}* is being released to *{{environment}}*: {{message}}, revision {{revision}} ({{run}})",
  WaitingForApproval: "*{{service}}* waits in *{{environment}}* for approval {{approval}}: {{message}}",
  Failed: "*{{service}}* has failed in *{{environment}}*, {{ready}} of {{total}} clusters are ready: {{message}} ({{run}})",
  RolledBack: "*{{service}}* was taken back in *{{environment}}*: {{message}} ({{run}})",
  Finished: "*{{service}}* in *{{environment}}*: {{outcome}}, {{ready}} of {{total}} clusters are ready, revision {{revision}} ({{run}})",
};

/** How the two parts of a template become harmless in one form: what an Environment says, and what is put into it. */
export interface Form {
  readonly words: (text: string) => string;
  readonly value: (text: string) => string;
  /** Whether *this* is bold. */
  readonly bold: boolean;
}

/** The text of a message; without a template of its own, in the words that everybody gets. */
export function textOf({ phase, values, templates }: Message, { words, value, bold }: Form): string {
  const own = templates?.[phase];
  const template = own ?? (bold ? DEFAULTS[phase] : DEFAULTS[phase].replaceAll("*", ""));
  return template
    .split(/(\{\{ *[a-z]+ *\}\})/)
    .map((part) => {
      const [, name] = /^\{\{ *([a-z]+) *\}\}$/.exec(part) ?? [];
      const variable = MESSAGE_VARIABLES.find((one) => one === name);
      return variable === undefined ? words(part) : value(values[variable]);
    })
    .join("");
}

/** `namespace/name` of the release: names that the API server has checked. */
export function releaseOf({ values: { namespace, service, environment } }: Message): string {
  return `${namespace}/${service}.${environment}`;
}

/** One line without what steers a terminal or turns the direction of text. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ");
}

/** No mention, no link and no reference is made of it: a space without width stands where one would begin. */
export function inert(text: string): string {
  return text.replaceAll(/@|#(?=\d)|!(?=\d)|www(?=\.)|:(?=\/\/)/g, "$&\u200b");
}

/** The beginning of a text, never half a character. */
export function short(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
