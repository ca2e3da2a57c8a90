import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { suite, test } from "node:test";
import { environment } from "#api/environment.ts";
import { DELIVERY_STATES, MESSAGE_VARIABLES, NOTIFICATION_PHASES, RECEIVER_PROBLEMS, RECEIVER_TYPES } from "#api/notifications.ts";
import { objections, specSchema } from "#cli/schema.ts";
import { found } from "#controllers/notifications/found.ts";
import { phaseOf } from "#controllers/notifications/happenings.ts";
import { OUTCOMES } from "#api/reasons.ts";
import { commitOf } from "#controllers/newrun.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { Sealed } from "#fleet/sealed.ts";
import { parseReceiver } from "#notify/receiver.ts";
import { toWebhook } from "#notify/webhook.ts";
import { message } from "../notify/messages.ts";
import { example, keeps, stored } from "./manifests.ts";
import { blocks, page, rows, section, words } from "./markdown.ts";

/** docs/notifications.md says what is told, with the YAML of examples/. */

const text = page("docs/notifications.md");
const files = globSync("examples/notifications/*.yaml").toSorted();

test("what the page shows are the examples, and all of them", () =>
  assert.deepEqual(blocks(text, "yaml").toSorted(), files.map((file) => `# ${file}\n${page(file)}`).toSorted()));

interface SecretManifest {
  readonly stringData?: Readonly<Record<string, string>>;
}

/** As the API server has them: stringData is for writing only. */
const receivers = new Map(
  example("examples/notifications/receivers.yaml").map((manifest) => {
    const { stringData = {} } = manifest as SecretManifest;
    const data = Object.fromEntries(Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
    return [manifest.metadata?.name ?? "", parseReceiver({ ...manifest, data })];
  }),
);

test("every Secret of the example is a receiver, one of each type", () =>
  assert.deepEqual(
    [...receivers.values()].map(({ type }) => type),
    RECEIVER_TYPES,
  ));

test("the Environment of the example is taken, and all that it names can be told", () => {
  const [manifest] = example("examples/notifications/environment.yaml");
  assert.ok(manifest !== undefined);
  const read = environment.parse(stored(manifest));
  keeps(manifest, read, "environment");
  assert.deepEqual(objections(specSchema(), manifest.spec, "spec"), []);
  for (const entry of read.spec.notifications ?? [])
    assert.equal(found(entry, "team-a", receivers.get(entry.receiver)).kind, "Usable", entry.receiver);
});

test("the release of the example is taken, and names a commit", () => {
  const [manifest] = example("examples/notifications/servicerelease.yaml");
  assert.ok(manifest !== undefined);
  const read = serviceRelease.parse(stored(manifest));
  keeps(manifest, read, "release");
  assert.match(commitOf(read, read.spec.revision) ?? "", /^[0-9a-f]{40}$/);
});

suite("the page names", () => {
  const known = words(text);
  for (const [what, vocabulary] of Object.entries({
    "every phase": NOTIFICATION_PHASES,
    "every state": DELIVERY_STATES,
    "every problem": RECEIVER_PROBLEMS,
    "every type": RECEIVER_TYPES,
    "every variable": MESSAGE_VARIABLES.map((name) => `{{${name}}}`),
    "every outcome": OUTCOMES,
  }))
    test(what, () =>
      assert.deepEqual(
        vocabulary.filter((word) => !known.has(word)),
        [],
      ),
    );

  test("each outcome where it is told", () => {
    const table = new Map(rows(text.split("\n## ")[0] ?? "").map(([phase = "", when = ""]) => [phase.replaceAll("`", ""), when]));
    for (const outcome of OUTCOMES) assert.ok(table.get(phaseOf(outcome))?.includes(`\`${outcome}\``), outcome);
  });
});

suite("what the page tells the receiver of a webhook is true", () => {
  const part = section(text, "## Webhook");
  const sent = toWebhook(
    {
      type: "Webhook",
      name: "one",
      allowedNamespaces: "*",
      url: new Sealed(new URL("https://hook.example")),
      signingKey: new Sealed(Buffer.from("a key of more than sixteen bytes")),
    },
    message(),
    1_764_061_200_000,
  );

  test("the example has the fields that a message has", () => {
    const [shown = ""] = blocks(part, "json");
    const shape = (json: string): unknown => JSON.parse(json, (_, value: unknown) => (typeof value === "object" ? value : typeof value));
    assert.deepEqual(shape(shown), shape(sent.body ?? ""));
  });

  test("the function verifies what is sent, and nothing else", () => {
    const [code = ""] = blocks(part, "js");
    const key = "a key of more than sixteen bytes";
    const coded = `whsec_${Buffer.from(key).toString("base64")}`;
    const { headers, body = "" } = sent;
    const now = 1_764_061_200;
    const tries: readonly (readonly [headers: object, body: string, key: string, now: number, holds: boolean])[] = [
      [headers, body, key, now, true],
      [headers, body, coded, now + 299, true],
      [headers, `${body} `, key, now, false],
      [{ ...headers, "webhook-id": "msg_2" }, body, key, now, false],
      [{ ...headers, "webhook-timestamp": `${now + 1}` }, body, key, now, false],
      [headers, body, key, now + 301, false],
      [headers, body, `${key}.`, now, false],
      [{}, body, key, now, false],
    ];
    const program = `${code}\nconsole.log(JSON.stringify(${JSON.stringify(tries)}.map((one) => verify(...one.slice(0, 4)))))`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.deepEqual(
      JSON.parse(stdout),
      tries.map(([, , , , holds]) => holds),
    );
  });
});
