import type { Environment } from "#api/environment.ts";
import type { ReleaseRun, RunSpec } from "#api/releaserun.ts";
import { API_VERSION, milliseconds } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Planned } from "#engine/plan.ts";
import { releaseHash } from "./hash.ts";

/** The `number`th run of a release, as it is created: Kubernetes deletes it with its release. */
export function newRun(release: ServiceRelease, environment: Environment, planned: Planned, number: number) {
  const { name, namespace, uid, generation } = release.metadata;
  const { service, environment: environmentName, revision } = release.spec;
  const { source } = environment.spec.application;
  const spec: RunSpec = {
    release: { name, uid, generation, hash: releaseHash(release.spec) },
    kind: "Forward",
    service,
    environment: environmentName,
    revision,
    ...(source === undefined ? {} : { source }),
    progressDeadlineSeconds: milliseconds(environment.spec.strategy.progressDeadline) / 1000,
    values: [...planned.values],
    targets: [...planned.targets],
  };
  const kind: ReleaseRun["kind"] = "ReleaseRun";
  const owner = { apiVersion: API_VERSION, kind: release.kind, name, uid, controller: true };
  return { apiVersion: API_VERSION, kind, metadata: { name: `${name}-${number}`, namespace, ownerReferences: [owner] }, spec };
}
