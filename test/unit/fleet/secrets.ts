/** Registrations as the API server sends them, for tests. */
export const canary = "CANARY-f3a9c2d1";

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

export const caData = base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
export const certData = base64(`-----BEGIN CERTIFICATE-----\n${canary}\n-----END CERTIFICATE-----\n`);
export const keyData = base64(`-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`);

interface SecretOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function secret(name: string, data: Readonly<Record<string, string>>, { labels = {}, annotations = {} }: SecretOptions = {}) {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "conductor", labels, annotations }, data: encoded };
}

/** Argo CD's cluster Secret with a bearer token; `config` replaces its configuration, `undefined` in `data` is not possible. */
export function argoSecret(
  name: string,
  {
    config = { bearerToken: canary, tlsClientConfig: { caData } },
    server = `https://${name}.example:6443/`,
    ...options
  }: SecretOptions & { readonly config?: unknown; readonly server?: string } = {},
) {
  const labels = { "argocd.argoproj.io/secret-type": "cluster", ...options.labels };
  const text = typeof config === "string" ? config : JSON.stringify(config);
  return secret(`cluster-${name}`, { name, server, config: text }, { ...options, labels });
}

export function kubeconfigSecret(
  name: string,
  kubeconfig: unknown,
  options: SecretOptions & { readonly data?: Readonly<Record<string, string>> } = {},
) {
  const labels = { "conductor.dev/secret-type": "kubeconfig", ...options.labels };
  const text = typeof kubeconfig === "string" ? kubeconfig : JSON.stringify(kubeconfig);
  return secret(name, { kubeconfig: text, ...options.data }, { ...options, labels });
}

export function servedSecret(name: string, by: string | undefined) {
  const annotations = by === undefined ? {} : { "conductor.dev/argocd": by };
  return secret(name, {}, { labels: { "conductor.dev/secret-type": "cluster" }, annotations });
}

/** A kubeconfig of one cluster and one user. */
export function kubeconfig(user: object = { token: canary }, cluster: object = {}) {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "main",
    contexts: [{ name: "main", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://api.example:6443", "certificate-authority-data": caData, ...cluster } }],
    users: [{ name: "u", user }],
  };
}
