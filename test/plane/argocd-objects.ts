const label = { "app.kubernetes.io/part-of": "argocd" };
const metadata = (name: string) => ({ name, namespace: "argocd", labels: label });
const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: metadata(name),
  data,
});

/** What Argo CD expects to find in its cluster. Only argocd-server, which we do not run, would make the default project. */
export const argocdObjects: readonly object[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } },
  configMap("argocd-cm", {
    "timeout.reconciliation": "10s",
    "timeout.reconciliation.jitter": "0s",
  }),
  configMap("argocd-rbac-cm"),
  configMap("argocd-cmd-params-cm"),
  configMap("argocd-gpg-keys-cm"),
  configMap("argocd-tls-certs-cm"),
  configMap("argocd-ssh-known-hosts-cm"),
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadata("argocd-secret"),
    stringData: { "server.secretkey": "only-for-the-test-plane" },
  },
  {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default", namespace: "argocd" },
    spec: {
      sourceRepos: ["*"],
      destinations: [{ server: "*", namespace: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  },
];
