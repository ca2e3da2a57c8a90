import { stringify } from "yaml";

export interface KubeconfigInput {
  readonly cluster: string;
  readonly url: string;
  /** PEM */
  readonly ca: string;
  readonly user: string;
  readonly token: string;
}

/** YAML text of a kubeconfig with one context. */
export function kubeconfig(input: KubeconfigInput): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: input.cluster,
        cluster: {
          server: input.url,
          "certificate-authority-data": Buffer.from(input.ca).toString("base64"),
        },
      },
    ],
    users: [{ name: input.user, user: { token: input.token } }],
    contexts: [{ name: input.cluster, context: { cluster: input.cluster, user: input.user } }],
    "current-context": input.cluster,
  });
}
