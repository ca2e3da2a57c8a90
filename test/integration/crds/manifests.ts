import { API_VERSION } from "#api/rules.ts";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

export const COMMIT = "4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38";

const manifest = (kind: string, name: string, spec: object): Manifest => ({ apiVersion: API_VERSION, kind, metadata: { name }, spec });

/** A good ServiceRelease but for `spec`. */
export function release(spec: object, name = "checkout.production"): Manifest {
  return manifest("ServiceRelease", name, { service: "checkout", environment: "production", revision: COMMIT, ...spec });
}

/** A good Environment but for `spec`. */
export function environment(spec: object, name = "production"): Manifest {
  return manifest("Environment", name, { clusters: [{ name: "eu-west-1" }], application: { targetRevision: "{{revision}}" }, ...spec });
}

/** A plan for so many targets with these sets of values. */
export function run(values: readonly object[], count = 2, name = "checkout.production-1"): Manifest {
  return manifest("ReleaseRun", name, {
    release: { name: "checkout.production", uid: "0b9a4d1e", generation: 1, hash: "c0ffee" },
    kind: "Forward",
    service: "checkout",
    environment: "production",
    revision: COMMIT,
    strategy: { progressDeadlineSeconds: 900, onFailure: "RollBack", rollbackScope: "Run", supersede: "Queue" },
    waves: [{ name: "all", maxConcurrency: 1, maxFailures: 0, maxUnreachable: 0, minSuccessSeconds: 60 }],
    values,
    targets: Array.from({ length: count }, (_, index) => ({
      cluster: `c${index}`,
      instance: `c${index}`,
      application: { namespace: "argocd", name: "checkout" },
      wave: 1,
      desired: index % values.length,
    })),
  });
}
