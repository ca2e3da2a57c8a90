import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { suite, test } from "node:test";
import fc from "fast-check";
import { NOTIFICATION_PHASES } from "#api/notifications.ts";
import { Sealed } from "#fleet/sealed.ts";
import { commentOf, descriptionOf } from "#notify/comment.ts";
import type { Message } from "#notify/message.ts";
import { toSlack } from "#notify/slack.ts";
import { signature, toWebhook } from "#notify/webhook.ts";
import { message } from "./messages.ts";

const url = new Sealed(new URL("https://hook.example/in"));
const common = { name: "one", allowedNamespaces: "*", url } as const;
const slack = (one: Message): string => (JSON.parse(toSlack({ ...common, type: "Slack" }, one).body ?? "") as { text: string }).text;
const KEY = Buffer.from("a key of more than sixteen bytes");
const webhook = (one: Message, now = 0) => toWebhook({ ...common, type: "Webhook", signingKey: new Sealed(KEY) }, one, now);

/** Whatever somebody might hope to make of a message. */
const hostile = fc.oneof(
  fc.constantFrom(
    "<!channel>",
    "<@U123>",
    "<https://evil.example|here>",
    "@everyone",
    "@acme/all",
    "https://evil.example",
    "www.evil.example",
  ),
  fc.constantFrom(
    "`",
    "```",
    "](https://evil.example)",
    "<script>",
    "<!-- x -->",
    "\n/close",
    "#1",
    "!2",
    "\u202e",
    "\\",
    "&amp;",
    "{{message}}",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const hostileText = fc.array(hostile, { maxLength: 12 }).map((parts) => parts.join(""));

suite("what everybody is told without a word of their own", () => {
  const said: Readonly<Record<(typeof NOTIFICATION_PHASES)[number], string>> = {
    Started: `*checkout* is being released to *production*: 3 clusters in 2 waves, revision ${"a".repeat(40)} (checkout.production-1)`,
    WaitingForApproval: "*checkout* waits in *production* for approval checkout.production-1-w2-g1: 3 clusters in 2 waves",
    Failed: "*checkout* has failed in *production*, 2 of 3 clusters are ready: 3 clusters in 2 waves (checkout.production-1)",
    RolledBack: "*checkout* was taken back in *production*: 3 clusters in 2 waves (checkout.production-1)",
    Finished: `*checkout* in *production*: Succeeded, 2 of 3 clusters are ready, revision ${"a".repeat(40)} (checkout.production-1)`,
  };
  for (const phase of NOTIFICATION_PHASES)
    test(`${phase}, in Slack and as the line of a status`, () => {
      const one = message({ phase, values: { message: "3 clusters in 2 waves", approval: "checkout.production-1-w2-g1" } });
      assert.equal(slack(one), said[phase]);
      const plain = said[phase].replaceAll("*", "");
      assert.equal(descriptionOf(one), plain.length <= 140 ? plain : `${plain.slice(0, 139)}…`);
    });

  test("and as a comment, where every value is code", () => {
    const whole = "a".repeat(40);
    assert.equal(
      commentOf(message()),
      `<!-- conductor.dev/message: msg_1 -->\n\`checkout\` in \`production\`: \`Succeeded\`, \`2\` of \`3\` clusters are ready, revision \`${whole}\` (\`checkout.production-1\`)`,
    );
  });
});

test("an Environment's own words take the place of one phase's, with every variable in them", () => {
  const own =
    "{{service}}|{{ environment }}|{{namespace}}|{{phase}}|{{outcome}}|{{message}}|{{ready}}/{{total}}|{{run}}|{{kind}}|{{approval}}|{unknown}";
  const one = message({ templates: { Finished: own } });
  assert.equal(
    slack(one),
    "checkout|production|team-a|Finished|Succeeded|every target is verified|2/3|checkout.production-1|Forward||{unknown}",
  );
  assert.match(slack(message({ phase: "Failed", templates: { Finished: own } })), /has failed/);
});

suite("nothing that somebody writes becomes more than text", () => {
  test("Slack gets no mention, no link and no half escape, within its limit", () => {
    fc.assert(
      fc.property(hostileText, hostileText, (words, value) => {
        const text = slack(message({ templates: { Finished: `${words}{{message}}` }, values: { message: value } }));
        assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;)|@(?!\u200b)|:\/\/|www\./);
        assert.ok(text.length <= 3000);
      }),
    );
    assert.ok(slack(message({ templates: { Finished: "<".repeat(1024) } })).endsWith("&lt;…"));
  });

  test("the bold words of the sentence stay, and a value ends no code", () => {
    assert.equal(
      slack(message({ phase: "RolledBack", values: { message: "`x`\ny" } })),
      "*checkout* was taken back in *production*: 'x' y (checkout.production-1)",
    );
  });

  test("a comment gets no mention, no link, no HTML, no reference and no second line", () => {
    fc.assert(
      fc.property(hostileText, hostileText, (words, value) => {
        const comment = commentOf(message({ templates: { Finished: `${words}{{message}}` }, values: { message: value } }));
        const [marker, text = "", ...more] = comment.split("\n");
        assert.equal(marker, "<!-- conductor.dev/message: msg_1 -->");
        assert.deepEqual(more, []);
        // An odd number of backticks would leave a value outside of code.
        assert.equal(text.split("`").length % 2, 1, text);
        const outside = text.replaceAll(/`[^`]*`/g, "");
        assert.doesNotMatch(outside, /<|@(?!\u200b)|:\/\/|www\.|#\d|!\d|(?<!\\)\[|\r/);
      }),
    );
  });

  test("a webhook gets JSON, whatever it is told", () => {
    fc.assert(
      fc.property(hostileText, hostileText, (words, value) => {
        const { body = "" } = webhook(message({ templates: { Finished: words }, values: { message: value } }));
        const { type, id, data } = JSON.parse(body) as { type: string; id: string; data: Record<string, unknown> };
        assert.deepEqual([type, id, data["service"], data["message"]], ["release.Finished", "msg_1", "checkout", value]);
      }),
    );
  });
});

suite("a webhook's message", () => {
  test("holds what a program needs", () => {
    assert.deepEqual(JSON.parse(webhook(message()).body ?? ""), {
      type: "release.Finished",
      id: "msg_1",
      timestamp: "2026-11-25T09:00:00Z",
      data: {
        service: "checkout",
        environment: "production",
        namespace: "team-a",
        revision: "a".repeat(40),
        commit: "a".repeat(40),
        run: "checkout.production-1",
        kind: "Forward",
        phase: "Finished",
        outcome: "Succeeded",
        message: "every target is verified",
        clusters: { ready: 2, total: 3 },
        text: `checkout in production: Succeeded, 2 of 3 clusters are ready, revision ${"a".repeat(40)} (checkout.production-1)`,
      },
    });
    const waits = JSON.parse(
      webhook(message({ phase: "WaitingForApproval", outcome: undefined, values: { approval: "x-1-w1-g1", commit: "" } })).body ?? "",
    ) as { data: object };
    assert.deepEqual(
      ["outcome", "commit", "approval"].map((key) => key in waits.data),
      [false, false, true],
    );
  });

  test("is signed over its id, the time and every byte of the body", () => {
    const { body = "", headers } = webhook(message({ values: { message: "ü" } }), 1_764_061_200_999);
    const signed = createHmac("sha256", KEY)
      .update(Buffer.from(`msg_1.1764061200.${body}`, "utf8"))
      .digest("base64");
    assert.deepEqual(headers, {
      "content-type": "application/json",
      "webhook-id": "msg_1",
      "webhook-timestamp": "1764061200",
      "webhook-signature": `v1,${signed}`,
    });
  });

  test("is signed as the Standard Webhooks specification does in its own example", () => {
    // Key, id, time and body of the test vector that its libraries share.
    const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
    const signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}');
    assert.equal(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});

suite("where people see the release is a link in every form, and only there", () => {
  const linked = message({ url: "https://releases.example/r?a=1&b=2" });

  test("in Slack, below the text", () =>
    assert.match(slack(linked), /\n<https:\/\/releases\.example\/r\?a=1&amp;b=2\|ServiceRelease team-a\/checkout\.production>$/));

  test("in a webhook's data", () => {
    const { data } = JSON.parse(webhook(linked).body ?? "") as { data: { url?: string } };
    assert.equal(data.url, "https://releases.example/r?a=1&b=2");
  });

  test("in a comment", () =>
    assert.match(commentOf(linked), /\n\n\[ServiceRelease team-a\/checkout\.production\]\(<https:\/\/releases\.example\/r\?a=1&b=2>\)$/));

  test("a text that is too long does not push it out", () => {
    const text = slack({ ...linked, templates: { Finished: "x".repeat(4000) } });
    assert.ok(text.length > 2900 && text.length <= 3000, `${text.length}`);
    assert.match(text, /…\n<https:.*>$/);
  });
});
