/** The service of the demo: a chart whose Rollout brings each version to half of four pods first, and pauses, in every cluster. */

export const PODS = 4;

/** A Rollout goes back at once to what it ran in the last revision, and does not walk the steps again: rollbackWindow. */
const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: checkout
spec:
  replicas: ${PODS}
  revisionHistoryLimit: 2
  rollbackWindow:
    revisions: 2
  selector:
    matchLabels:
      app: checkout
  strategy:
    canary:
      steps:
        - setWeight: 50
        - pause:
            duration: 2s
  template:
    metadata:
      labels:
        app: checkout
    spec:
      containers:
        - name: checkout
          image: "registry.example/checkout:{{ .Values.version }}"
          env:
            - name: GREETING
              value: {{ .Values.greeting | quote }}
`;

/** The chart at one version, as a commit has it. */
export function chart(version: string): Readonly<Record<string, string>> {
  return {
    "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 1.0.0\n",
    "chart/values.yaml": `version: ${version}\ngreeting: hello\n`,
    "chart/templates/rollout.yaml": ROLLOUT,
  };
}

const GREETINGS = ["bonjour", "howdy", "namaste"];

/** Values of one cluster each, which the Environment's valueFiles name. */
export function clusterValues(clusters: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    clusters.map((cluster, index) => [
      `chart/values-production-${cluster}.yaml`,
      `greeting: ${GREETINGS[index % GREETINGS.length] ?? "hello"}\n`,
    ]),
  );
}
