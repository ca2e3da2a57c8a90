import { manifests, type Manifest } from "#test/scene/manifests.ts";

/** The two Environments of the demo, and what stands in the way of a release to each. */

export const STAGING = "staging-1";

/** A minute between looks, and a quarter of an hour in all, is what the chart says, and right for real traffic: a demo is short. */
const ARGS = [
  { name: "window-seconds", value: "1" },
  { name: "interval", value: "1s" },
  { name: "count", value: "3" },
];
const ANALYSIS = { analysis: { templateName: "conductor-error-rate-datadog", clusterScope: true, args: ARGS } };
const COMMON = { maxConcurrency: "100%", progressDeadline: "60s" };

const [example] = manifests("examples/environment.yaml");
if (example === undefined) throw new Error("examples/environment.yaml is empty");
const spec = example["spec"] as { readonly clusters: readonly { readonly name: string }[] };

/** In the order in which a release reaches them. */
export const PRODUCTION: readonly string[] = spec.clusters.map(({ name }) => name);
export const CLUSTERS: readonly string[] = [STAGING, ...PRODUCTION];

function environment(name: string, clusters: object, strategy: object): Manifest {
  return {
    ...example,
    metadata: { name, namespace: "team-a" },
    spec: { ...spec, ...clusters, strategy: { ...COMMON, ...strategy } },
  } as Manifest;
}

export const ENVIRONMENTS: readonly Manifest[] = [
  environment("staging", { clusters: [{ name: STAGING }] }, { waves: [{ name: "all", minSuccessTime: "1s", gates: [ANALYSIS] }] }),
  environment(
    "production",
    {},
    {
      dependsOn: [{ environment: "staging", revision: "{{revision}}" }],
      waves: [
        { name: "canary", clusters: { count: 1 }, minSuccessTime: "3s", gates: [ANALYSIS] },
        { name: "rest", minSuccessTime: "1s", gates: [{ approval: { groups: ["release-approvers"] } }] },
      ],
    },
  ),
];
