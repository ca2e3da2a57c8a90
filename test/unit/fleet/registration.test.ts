import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { parseRegistration } from "#fleet/registration.ts";
import { argoSecret, caData, canary, certData, keyData, kubeconfig, kubeconfigSecret, secret, servedSecret } from "./secrets.ts";

function refusal(raw: unknown): string | undefined {
  const registration = parseRegistration(raw);
  return registration.type === "refused" ? registration.refusal : undefined;
}

function credential(raw: unknown) {
  const registration = parseRegistration(raw);
  assert.ok(registration.type === "connected", refusal(raw) ?? registration.type);
  return registration.credential.open();
}

const none = {
  serverName: undefined,
  insecure: false,
  ca: undefined,
  proxyUrl: undefined,
  token: undefined,
  basic: undefined,
  certificate: undefined,
};

test("Argo CD's cluster Secret with a bearer token", () => {
  const raw = argoSecret("eu-west-1", {
    labels: { region: "eu" },
    annotations: { "conductor.dev/allowed-namespaces": "shop, billing", "conductor.dev/max-in-flight": "7" },
  });
  const read = parseRegistration(raw);
  assert.ok(read.type === "connected");
  const { credential: sealed, ...registration } = read;
  assert.deepEqual(registration, {
    type: "connected",
    name: "eu-west-1",
    secret: "cluster-eu-west-1",
    labels: { region: "eu", "argocd.argoproj.io/secret-type": "cluster" },
    allowedNamespaces: ["shop", "billing"],
    server: "https://eu-west-1.example:6443",
    maxInFlight: 7,
    validity: { since: undefined, expiresAt: undefined },
  });
  assert.deepEqual(sealed.open(), { ...none, server: "https://eu-west-1.example:6443", ca: caData, token: canary });
});

test("Argo CD's other credentials", () => {
  const server = "https://a.example:6443";
  assert.deepEqual(credential(argoSecret("a", { config: { username: "u", password: "p", proxyUrl: "socks5://proxy:1080" } })), {
    ...none,
    server,
    basic: { username: "u", password: "p" },
    proxyUrl: "socks5://proxy:1080",
  });
  const tlsClientConfig = { insecure: false, serverName: "kubernetes", caData, certData, keyData };
  assert.deepEqual(credential(argoSecret("a", { config: { tlsClientConfig } })), {
    ...none,
    server,
    serverName: "kubernetes",
    ca: caData,
    certificate: { cert: certData, key: keyData },
  });
  const insecure = { bearerToken: ` ${canary}\n`, execProviderConfig: null, tlsClientConfig: { insecure: true, caData } };
  assert.deepEqual(credential(argoSecret("a", { config: insecure })), { ...none, server, insecure: true, token: canary });
});

test("a kubeconfig Secret, as text, as Cluster API's, and of a named context", () => {
  const expected = { ...none, server: "https://api.example:6443", ca: caData, token: canary };
  assert.deepEqual(credential(kubeconfigSecret("eu", kubeconfig())), expected);
  const capi = secret(
    "eu-kubeconfig",
    { value: JSON.stringify(kubeconfig()) },
    { labels: { "conductor.dev/secret-type": "kubeconfig", "cluster.x-k8s.io/cluster-name": "eu" } },
  );
  assert.deepEqual([credential(capi), parseRegistration(capi).name], [expected, "eu"]);
  const two = { ...kubeconfig(), "current-context": "elsewhere" };
  assert.deepEqual(credential(kubeconfigSecret("eu", two, { data: { context: "main" } })), expected);
  const yaml = `
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a, namespace: x}}]
clusters: [{name: a, cluster: {server: "https://a:1/prefix/", insecure-skip-tls-verify: true, tls-server-name: b, proxy-url: "http://p:3128"}}]
users: [{name: a, user: {client-certificate-data: ${certData}, client-key-data: ${keyData}}}]
`;
  assert.deepEqual(credential(kubeconfigSecret("eu", yaml)), {
    ...none,
    server: "https://a:1/prefix",
    insecure: true,
    serverName: "b",
    proxyUrl: "http://p:3128",
    certificate: { cert: certData, key: keyData },
  });
});

test("a cluster that is served by another's Argo CD needs no credential, and one in its Secret is not read", () => {
  const common = { secret: "a", name: "a", labels: { "conductor.dev/secret-type": "cluster" }, allowedNamespaces: [], server: undefined };
  assert.deepEqual(parseRegistration(servedSecret("a", "hub")), { ...common, type: "served", by: "hub" });
  assert.deepEqual(parseRegistration(servedSecret("a", "in-cluster")), { ...common, type: "served", by: "in-cluster" });
  const ofHub = argoSecret("a", { config: { awsAuthConfig: { clusterName: "a" } }, annotations: { "conductor.dev/argocd": "hub" } });
  assert.partialDeepStrictEqual(parseRegistration(ofHub), { type: "served", by: "hub", server: "https://a.example:6443" });
  const itself = argoSecret("in-cluster", { server: "https://kubernetes.default.svc", config: {} });
  assert.partialDeepStrictEqual(parseRegistration(itself), { type: "served", name: "in-cluster", by: "in-cluster" });
});

test("consent of namespaces: nobody, some or all", () => {
  const allowed = (list?: string) => {
    const annotations: Record<string, string> = list === undefined ? {} : { "conductor.dev/allowed-namespaces": list };
    const registration = parseRegistration(argoSecret("a", { annotations }));
    return registration.type === "refused" ? registration.refusal : registration.allowedNamespaces;
  };
  assert.deepEqual([undefined, "", " * ", "a", " a , b,", "a,*"].map(allowed), [
    [],
    [],
    "*",
    ["a"],
    ["a", "b"],
    "conductor.dev/allowed-namespaces must be * or names of namespaces with commas between",
  ]);
});

const refused: readonly (readonly [string, unknown, RegExp])[] = [
  [
    "an AWS plugin",
    argoSecret("a", { config: { awsAuthConfig: { clusterName: "a" } } }),
    /^exec credential plugins are not run by the conductor yet: give a bearerToken or a client certificate$/,
  ],
  ["an exec plugin", argoSecret("a", { config: { execProviderConfig: { command: "sh" } } }), /^exec credential plugins are not run/],
  ["no credential", argoSecret("a", { config: {} }), /^there is no credential in it: give config.bearerToken, or/],
  [
    "a certificate without key",
    argoSecret("a", { config: { tlsClientConfig: { certData } } }),
    /certData and config.tlsClientConfig.keyData belong together/,
  ],
  [
    "a CA that is no PEM",
    argoSecret("a", { config: { bearerToken: "x", tlsClientConfig: { caData: canary } } }),
    /^config.tlsClientConfig.caData must be base64 of a PEM certificate$/,
  ],
  ["config that is no JSON", argoSecret("a", { config: `{"bearerToken": ${canary}}` }), /^data.config is not JSON$/],
  [
    "config of another type",
    argoSecret("a", { config: { bearerToken: { of: canary } } }),
    /^data.config is not what Argo CD documents: config.bearerToken has another type$/,
  ],
  ["plain HTTP", argoSecret("a", { server: "http://a.example" }), /^data.server must be a URL that starts with https:\/\/$/],
  [
    "a password in the URL",
    argoSecret("a", { server: `https://u:${canary}@a.example` }),
    /^data.server must not contain a user or password$/,
  ],
  [
    "a token over two lines",
    argoSecret("a", { config: { bearerToken: `${canary}\n${canary}` } }),
    /^config.bearerToken holds characters that no token has/,
  ],
  [
    "a proxy of another kind",
    argoSecret("a", { config: { bearerToken: canary, proxyUrl: "socks4://p" } }),
    /^config.proxyUrl must start with/,
  ],
  ["a name in capitals", argoSecret("EU"), /^its name must be of lower-case letters/],
  ["the name self", argoSecret("self"), /^its name must not be self/],
  ["the management cluster's name", argoSecret("in-cluster"), /^the name in-cluster is the management cluster's/],
  [
    "a hub's name that is none",
    argoSecret("a", { annotations: { "conductor.dev/argocd": "Not A Name" } }),
    /^conductor.dev\/argocd must be self, in-cluster or/,
  ],
  ["no hub", servedSecret("a", undefined), /^it has no credential: annotate conductor.dev\/argocd/],
  [
    "max-in-flight 0",
    argoSecret("a", { annotations: { "conductor.dev/max-in-flight": "0" } }),
    /^conductor.dev\/max-in-flight must be a number from 1/,
  ],
  [
    "max-in-flight 1.5",
    argoSecret("a", { annotations: { "conductor.dev/max-in-flight": "1.5" } }),
    /^conductor.dev\/max-in-flight must be/,
  ],
  [
    "an unknown kind",
    secret("a", {}, { labels: { "conductor.dev/secret-type": "other" } }),
    /^the label conductor.dev\/secret-type must be/,
  ],
  ["a kubeconfig's exec", kubeconfigSecret("a", kubeconfig({ exec: { command: "sh" } })), /^exec credential plugins are not run/],
  [
    "a kubeconfig's auth-provider",
    kubeconfigSecret("a", kubeconfig({ "auth-provider": { name: "gcp" } })),
    /^auth-provider plugins are not run/,
  ],
  ["a kubeconfig's tokenFile", kubeconfigSecret("a", kubeconfig({ tokenFile: "/etc/passwd" })), /^tokenFile names a file/],
  [
    "a kubeconfig's CA file",
    kubeconfigSecret("a", kubeconfig({ token: canary }, { "certificate-authority": "/ca" })),
    /^certificate-authority names a file/,
  ],
  [
    "a kubeconfig's certificate file",
    kubeconfigSecret("a", kubeconfig({ "client-certificate": "/c" })),
    /^client-certificate names a file/,
  ],
  ["a kubeconfig's key file", kubeconfigSecret("a", kubeconfig({ "client-key": "/k" })), /^client-key names a file/],
  ["impersonation", kubeconfigSecret("a", kubeconfig({ token: canary, as: "root" })), /^impersonation/],
  ["no current context", kubeconfigSecret("a", { ...kubeconfig(), "current-context": "" }), /current-context names none/],
  ["a context that is not there", kubeconfigSecret("a", kubeconfig(), { data: { context: canary } }), /^data.context names none/],
  ["a kubeconfig that is no YAML", kubeconfigSecret("a", `{ ${canary}: [`), /^the kubeconfig is not YAML$/],
  ["a kubeconfig that is none", kubeconfigSecret("a", { [canary]: 1 }), /^the kubeconfig is incomplete: contexts is missing/],
  ["no kubeconfig", secret("a", {}, { labels: { "conductor.dev/secret-type": "kubeconfig" } }), /^it has no kubeconfig/],
  ["no Secret", canary, /^this is not a Secret$/],
];

for (const [what, raw, sentence] of refused) {
  test(`refused: ${what}`, () => {
    assert.match(refusal(raw) ?? "accepted", sentence);
    assert.doesNotMatch(refusal(raw) ?? "", new RegExp(canary));
  });
}

test("a refused registration keeps its name where it has a valid one", () => {
  assert.partialDeepStrictEqual(parseRegistration(argoSecret("eu", { config: {} })), { type: "refused", name: "eu", named: true });
  assert.partialDeepStrictEqual(parseRegistration(argoSecret("EU", { config: {} })), { type: "refused", name: "cluster-EU", named: false });
});

test("a credential does not show when a registration is printed", () => {
  const registration = parseRegistration(argoSecret("a"));
  for (const printed of [
    JSON.stringify(registration),
    inspect(registration, { depth: 10, showHidden: true }),
    String(registration.type === "connected" ? registration.credential : ""),
  ]) {
    assert.ok(!printed.includes(canary));
  }
});

/** Anything, with the canary wherever a string may be. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(canary),
    fc.string().map((text) => `${text}${canary}`),
    fc.constantFrom(null, true, 1, "https://a.example"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        "bearerToken",
        "username",
        "password",
        "tlsClientConfig",
        "insecure",
        "caData",
        "certData",
        "keyData",
        "serverName",
        "proxyUrl",
        "current-context",
        "contexts",
        "context",
        "clusters",
        "cluster",
        "users",
        "user",
        "name",
        "server",
        "token",
      ),
      tie("value"),
      { maxKeys: 8 },
    ),
  ),
})).value;

test("whatever a Secret holds, reading it never throws and no refusal quotes it", () => {
  const text = fc.oneof(
    anything.map((value) => JSON.stringify(value)),
    fc.string().map((some) => `${some}${canary}`),
    fc.constant(canary),
  );
  fc.assert(
    fc.property(text, text, fc.boolean(), (server, config, argo) => {
      const raw = argo ? argoSecret("a", { server, config }) : kubeconfigSecret("a", config, { data: { context: server } });
      assert.ok(!(refusal(raw) ?? "").includes(canary));
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.anything(), (raw) => void parseRegistration(raw)));
});
