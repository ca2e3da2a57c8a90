import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseReceiver, serves } from "#notify/receiver.ts";
import { redact } from "#observe/redact.ts";
import { secret } from "./messages.ts";

const CANARY = "cAnArY7f3a91cAnArY";
const WEBHOOK = { type: "Webhook", url: "https://hook.example/in", signingKey: CANARY };

suite("a Secret is a receiver", () => {
  test("of Slack, whose URL is all that it needs, with the newline of a shell", () => {
    const one = parseReceiver(secret({ type: "Slack\n", url: "https://hooks.slack.com/services/T/B/X\n" }));
    assert.ok(one.type === "Slack");
    assert.equal(one.url.open().href, "https://hooks.slack.com/services/T/B/X");
    assert.deepEqual(one.allowedNamespaces, ["team-a"]);
  });

  test("a webhook, with a key as text, or as Standard Webhooks writes it", () => {
    const plain = parseReceiver(secret(WEBHOOK));
    const coded = parseReceiver(secret({ ...WEBHOOK, signingKey: `whsec_${Buffer.from(CANARY).toString("base64")}` }));
    for (const one of [plain, coded]) assert.equal(one.type === "Webhook" && one.signingKey.open().toString(), CANARY);
  });

  for (const [type, url] of [
    ["GitHub", "https://api.github.com/"],
    ["GitLab", "https://gitlab.com/api/v4"],
  ] as const)
    test(`of ${type}, at the API that everybody has unless it says another`, () => {
      const one = parseReceiver(secret({ type, token: CANARY }));
      assert.ok(one.type === type);
      assert.equal(one.url.open().href, url);
      assert.equal(one.allowedRepositories, "*");
      const own = parseReceiver(secret({ type, token: CANARY, url: "https://git.example/api/v9" }));
      assert.equal(own.type === type && own.url.open().href, "https://git.example/api/v9");
    });

  test("that allows nobody until its annotation says whom", () => {
    const [nobody, all] = [parseReceiver(secret(WEBHOOK, {})), parseReceiver(secret(WEBHOOK, { "conductor.dev/allowed-namespaces": "*" }))];
    assert.deepEqual(nobody.type === "Webhook" && nobody.allowedNamespaces, []);
    assert.equal(all.type === "Webhook" && all.allowedNamespaces, "*");
  });

  test("for the repositories that it lists", () => {
    const one = parseReceiver(secret({ type: "GitHub", token: "t" }, { "conductor.dev/allowed-repositories": "acme/checkout, shop/*" }));
    assert.ok(one.type === "GitHub");
    const repositories = ["acme/checkout", "acme/checkout2", "shop/a", "shopping/a"];
    assert.deepEqual(
      repositories.filter((repository) => serves(one, repository)),
      ["acme/checkout", "shop/a"],
    );
  });

  test("that nothing shows: no log, no JSON, no text", () => {
    for (const data of [WEBHOOK, { type: "Slack", url: `https://hooks.slack.com/${CANARY}` }, { type: "GitLab", token: CANARY }]) {
      const one = parseReceiver(secret(data));
      for (const shown of [JSON.stringify(one), JSON.stringify(redact({ one })), String(Object.values(one))])
        assert.doesNotMatch(shown, new RegExp(`${CANARY}|${Buffer.from(CANARY).toString("base64").slice(0, 20)}|slack\\.com`));
    }
  });
});

suite("a Secret that cannot be used says which key, and nothing of what is in it", () => {
  const refused: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ["no type", { url: CANARY }, /its key type must be one of Slack, Webhook, GitHub, GitLab$/],
    ["another type", { type: CANARY }, /its key type must be one of/],
    ["no URL", { type: "Slack" }, /its key url is missing/],
    ["what is no URL", { type: "Slack", url: CANARY }, /its key url is not a URL/],
    ["plain http", { type: "Slack", url: `http://hooks.slack.com/${CANARY}` }, /must begin with https:\/\//],
    [
      "plain http to a name that begins as loopback does",
      { type: "Slack", url: "http://127.0.0.1.example/x" },
      /must begin with https:\/\//,
    ],
    ["another protocol", { type: "Slack", url: `file:///${CANARY}` }, /must begin with https:\/\//],
    ["a password in the URL", { type: "Slack", url: `https://me:${CANARY}@hooks.slack.com/` }, /must hold no user and password/],
    ["no signing key", { ...WEBHOOK, signingKey: "" }, /its key signingKey is missing/],
    ["a short signing key", { ...WEBHOOK, signingKey: "cAnArY" }, /at least 16 bytes/],
    ["no token", { type: "GitHub" }, /its key token is missing/],
    ["a token of two lines", { type: "GitHub", token: `${CANARY}\r\nx: y` }, /must be one word of ASCII/],
  ];
  for (const [what, data, why] of refused)
    test(what, () => {
      const one = parseReceiver(secret(data));
      assert.ok(one.type === "Refused");
      assert.match(one.refusal, /^Secret receiver: /);
      assert.match(one.refusal, why);
      assert.doesNotMatch(JSON.stringify(one), /cAnArY/);
    });

  test("wrong annotations", () => {
    for (const annotations of [{ "conductor.dev/allowed-namespaces": "Team A" }, { "conductor.dev/allowed-repositories": "acme/*/x" }])
      assert.equal(parseReceiver(secret({ type: "GitHub", token: "t" }, annotations)).type, "Refused");
  });

  test("what is no Secret", () => assert.equal(parseReceiver({ metadata: 7 }).type, "Refused"));
});

for (const url of ["http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost/x"])
  test(`${url} stays within the machine, and may be plain`, () =>
    assert.equal(parseReceiver(secret({ type: "Slack", url })).type, "Slack"));
