import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Notification } from "#api/notifications.ts";
import { found } from "#controllers/notifications/found.ts";
import { parseReceiver } from "#notify/receiver.ts";
import { secret } from "../../notify/messages.ts";

const slack = parseReceiver(secret({ type: "Slack", url: "https://hooks.slack.example/x" }));
const github = parseReceiver(secret({ type: "GitHub", token: "t" }));
const broken = parseReceiver(secret({ type: "Slack" }));
const said = (entry: Partial<Notification>, receiver: Parameters<typeof found>[2], namespace = "team-a"): string => {
  const one = found({ receiver: "receiver", ...entry }, namespace, receiver);
  return one.kind === "Usable" ? `Usable ${one.receiver.type}` : `${one.problem}: ${one.message}`;
};

suite("who is named by an Environment", () => {
  test("is told when its Secret allows the namespace and has all that it needs", () => {
    assert.equal(said({}, slack), "Usable Slack");
    assert.equal(said({ repository: "acme/checkout", comment: true }, github), "Usable GitHub");
  });
  const problems: readonly (readonly [string, Partial<Notification>, Parameters<typeof found>[2], RegExp, string?])[] = [
    [
      "is missing",
      {},
      undefined,
      /^NotFound: the conductor's namespace holds no Secret receiver with the label conductor\.dev\/secret-type: receiver$/,
    ],
    [
      "does not allow the namespace",
      {},
      slack,
      /^NotAllowed: Secret receiver does not allow team-b: .*conductor\.dev\/allowed-namespaces$/,
      "team-b",
    ],
    ["cannot be read", {}, broken, /^Malformed: Secret receiver: its key url is missing$/],
    ["needs a repository", {}, github, /^Malformed: receiver is of type GitHub: say in notifications\[\]\.repository where the commit is$/],
    ["has no use for a repository", { repository: "a/b" }, slack, /^Malformed: receiver is of type Slack: take out repository and comment/],
    ["has no use for comments", { comment: false }, slack, /^Malformed: receiver is of type Slack: take out repository and comment/],
  ];
  for (const [what, entry, receiver, why, namespace] of problems)
    test(`is told nothing when it ${what}, with the remedy`, () => assert.match(said(entry, receiver, namespace), why));
});
