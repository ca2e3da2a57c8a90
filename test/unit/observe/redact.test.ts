import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "#observe/log.ts";
import { createMetrics } from "#observe/metrics.ts";
import { redact } from "#observe/redact.ts";
import { KubeFailure } from "#kube/errors.ts";

/** A secret that must be found nowhere. */
const canary = "cAnArY-7f3a91";
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ${canary.replace("-", "")}.${canary.replace("-", "")}`;
const leaks = (value: unknown): boolean => /c.?anary|63417241|99,65,110/i.test(JSON.stringify(redact(value)) ?? "");

for (const key of [
  ...["token", "Token", "TOKEN", "bearerToken", "bearer_token", "access-token", "id-token", "refreshToken", "X-Auth-Token"],
  ...["authorization", "Authorization", "Proxy-Authorization", "password", "Password", "passwd", "client_secret", "clientSecret", "secret"],
  ...[
    "api-key",
    "signingKey",
    "apiKey",
    "X-Api-Key",
    "privateKey",
    "client-key-data",
    "clientKeyData",
    "keyData",
    "certData",
    "caData",
    "certificate-authority-data",
  ],
  ...["kubeconfig", "data", "stringData", "cookie", "Set-Cookie", "credentials"],
]) {
  test(`what stands under ${key} is not shown, at any depth`, () => {
    const values = [canary, { deep: canary }, [canary], 7];
    for (const value of values) {
      assert.deepEqual(redact({ [key]: value, kept: 1 }), { [key]: "[redacted]", kept: 1 });
      assert.equal(leaks({ a: [{ b: { [key]: value } }] }), false);
    }
  });
}

for (const [what, text] of [
  ["a bearer token", `Bearer ${canary}`],
  ["a bearer token in lower case, in a sentence", `the header was bearer ${canary}, and was refused`],
  ["basic credentials", `Basic ${canary}`],
  ["a JSON Web Token", `got ${jwt} from the server`],
  ["a PEM block", `-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----\n`],
  ["a PEM block without an end", `key: -----BEGIN PRIVATE KEY-----\n${canary}`],
  ["the password of a URL", `https://mara:${canary}@git.example/a.git`],
  ["the token of a URL", `fetch https://${canary}@git.example/a.git: denied`],
  ["JSON in a text", `body {"token":"${canary}","a":1}`],
  ["a kubeconfig in a text", `users:\n- name: x\n  user:\n    token: ${canary}\n    client-key-data: ${canary}\n    password: "${canary}"`],
  ["a header in a text", `Authorization: Bearer ${canary}`],
  ["the URL of a webhook of Slack", `POST https://hooks.slack.com/services/T0/B0/${canary} failed`],
  ["the key of a webhook", `signingKey: whsec_${canary}`],
  ["a query", `GET /x?access_token=${canary}&b=1`],
] as const) {
  test(`${what} is not shown, alone, in an object or in an error`, () => {
    const error = new Error(text);
    for (const value of [text, { a: text }, [[text]], error, { error }, new KubeFailure("Invalid", text)])
      assert.equal(leaks(value), false, JSON.stringify(redact(value)));
  });
}

test("of an error nothing is told but name, message, and kind or stack", () => {
  const error = Object.assign(new KubeFailure("Forbidden", "no right", { status: 403 }), {
    request: { headers: { x: canary } },
    cause: canary,
  });
  assert.deepEqual(redact({ error }), { error: { name: "KubeFailure", message: "no right", kind: "Forbidden" } });
  assert.deepEqual(Object.keys(redact(Object.assign(new TypeError("x"), { config: canary })) as object), ["name", "message", "stack"]);
});

test("bytes are not shown, and what is nested too deep, or in itself, ends", () => {
  const ring: Record<string, unknown> = {};
  ring["ring"] = ring;
  assert.deepEqual(redact({ a: Buffer.from(canary), b: new Uint8Array([1]) }), { a: "[bytes]", b: "[bytes]" });
  assert.match(JSON.stringify(redact(ring)), /\[…\]/);
});

test("what is no secret stays as it is", () => {
  const fields = {
    release: "team-a/checkout.production",
    revision: "4af8",
    targets: 3,
    none: null,
    list: [true],
    url: "https://git.example/a.git",
    tokens: 4,
    message: "the token has expired",
  };
  assert.deepEqual(redact(fields), fields);
});

test("a log line is JSON, below its level nothing is written, and no field is unseen by redact", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  log.debug("hidden", { a: 1 });
  log.warn("target not written", { cluster: "eu", authorization: canary, error: new Error(`Bearer ${canary}`) });
  const [line, ...rest] = lines.map((one) => JSON.parse(one) as Record<string, unknown>);
  assert.deepEqual(
    [line?.["level"], line?.["msg"], line?.["cluster"], line?.["authorization"], rest],
    ["warn", "target not written", "eu", "[redacted]", []],
  );
  assert.doesNotMatch(lines.join(""), new RegExp(canary));
});

test("metrics count writes and outcomes, and read gauges when they are scraped", async () => {
  const metrics = createMetrics();
  let depth = 3;
  metrics.observe({ queues: () => ({ runs: depth }), clusters: () => ({ Reachable: 2 }) });
  metrics.write("Patch", "Done");
  metrics.write("Patch", "Done");
  metrics.outcome("Failed");
  metrics.notification("Slack", "Sent");
  depth = 5;
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("release_conductor_"));
  assert.deepEqual(lines, [
    'release_conductor_target_writes_total{kind="Patch",result="Done"} 2',
    'release_conductor_runs_ended_total{outcome="Failed"} 1',
    'release_conductor_notifications_total{type="Slack",state="Sent"} 1',
    'release_conductor_queue_depth{queue="runs"} 5',
    'release_conductor_clusters{state="Reachable"} 2',
  ]);
});
