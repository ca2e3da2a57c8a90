import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config.ts";

const defaults = {
  namespace: "release-conductor",
  logLevel: "info",
  host: "0.0.0.0",
  port: 8080,
  settleTime: 5000,
  contactTime: 5000,
  graceTime: 300_000,
  allowAnalysis: new Map(),
};

for (const [what, args, env, more] of [
  ["nothing given", [], {}, {}],
  ["the namespace of its pod", [], { POD_NAMESPACE: "conductor" }, { namespace: "conductor" }],
  ["an empty namespace of its pod, which is none", [], { POD_NAMESPACE: "" }, {}],
  ["a flag before the pod's namespace", ["--namespace", "mine"], { POD_NAMESPACE: "conductor" }, { namespace: "mine" }],
  [
    "every flag",
    [
      "--log-level=debug",
      "--listen",
      "127.0.0.1:0",
      "--settle-time",
      "1m30s",
      "--contact-time=2s",
      "--grace-time",
      "1h",
      "--allow-analysis",
      "team-a=job,web",
      "--allow-analysis=*=secret",
    ],
    {},
    {
      logLevel: "debug",
      host: "127.0.0.1",
      port: 0,
      settleTime: 90_000,
      contactTime: 2000,
      graceTime: 3_600_000,
      allowAnalysis: new Map([
        ["team-a", new Set(["job", "web"])],
        ["*", new Set(["secret"])],
      ]),
    },
  ],
  [
    "where releases are found",
    [
      "--release-url",
      "https://argocd.example.com/applications/argocd/releases?node=conductor.dev/ServiceRelease/{{namespace}}/{{ release }}/0",
    ],
    {},
    {
      releaseUrl: "https://argocd.example.com/applications/argocd/releases?node=conductor.dev/ServiceRelease/{{namespace}}/{{ release }}/0",
    },
  ],
  ["an address of IPv6", ["--listen", "[::1]:9090"], {}, { host: "::1", port: 9090 }],
] as const) {
  test(`config of ${what}`, () => assert.deepEqual(parseConfig(args, env), { ...defaults, ...more }));
}

test("help is asked for", () => assert.equal(parseConfig(["--help"], {}), "help"));

const urlVariables = "{{namespace}}, {{release}}, {{run}}, {{service}}, {{environment}}";
const noUrl = `--release-url must be a URL that begins with https:// or http://, in which ${urlVariables} may stand, and without spaces or |,`;
const time = "must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m";
for (const [args, message] of [
  [["--log-level", "loud"], '--log-level must be one of debug, info, warn, error, not "loud"'],
  [["--listen", "8080"], '--listen must be HOST:PORT, such as 0.0.0.0:8080, not "8080"'],
  [["--listen", "host:65536"], '--listen must be HOST:PORT, such as 0.0.0.0:8080, not "host:65536"'],
  [["--settle-time", "5"], `--settle-time ${time}, not "5"`],
  [["--settle-time", "0s"], `--settle-time ${time}, not "0s"`],
  [["--contact-time", ""], `--contact-time ${time}, not ""`],
  [["--release-url", "https://x/{{cluster}}"], `--release-url knows ${urlVariables}, not {{cluster}}`],
  [["--release-url", ""], `${noUrl} not ""`],
  [["--release-url", "argocd.example.com"], `${noUrl} not "argocd.example.com"`],
  [["--release-url", "javascript:alert(1)"], `${noUrl} not "javascript:alert(1)"`],
  [["--release-url", "https://x/{{namespace}"], `${noUrl} not "https://x/{{namespace}"`],
  [["--release-url", "https://x/a|b"], `${noUrl} not "https://x/a|b"`],
  [
    ["--release-url", "https://me:secret@x/"],
    "--release-url must not hold a user or a password: everybody who sees an Application sees it",
  ],
  [["--namespace", ""], '--namespace must be the name of a namespace, not ""'],
  [["--namespace", "Mine"], '--namespace must be the name of a namespace, not "Mine"'],
] as const) {
  test(`${args.join(" ")} is refused: ${message}`, () => assert.throws(() => parseConfig(args, {}), { message }));
}

test("an unknown flag, and one without its value, are refused by name", () => {
  assert.throws(() => parseConfig(["--nope"], {}), /--nope/);
  assert.throws(() => parseConfig(["--listen"], {}), /--listen/);
});
