import type { Environment } from "#api/environment.ts";
import type { PlannedWave, ReleaseRun, RunSpec } from "#api/releaserun.ts";
import { API_VERSION, milliseconds } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Strategy } from "#api/strategy.ts";
import type { Intent } from "#engine/next.ts";
import type { Planned } from "#engine/plan.ts";
import type { Dependency } from "./dependencies.ts";
import { releaseHash } from "./hash.ts";

/** Where admission notes who wrote what is wished. */
export const AUTHOR = "conductor.dev/author";

export function authorOf({ metadata }: ServiceRelease): string | undefined {
  return metadata.annotations?.[AUTHOR];
}

/** Where whoever releases notes the commit that shall hear of the outcome, where the revision is none or one of another repository. */
const COMMIT = "conductor.dev/commit";
const HASH = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The commit of what is released. The annotation is about the wish: a run back to an earlier revision is not of that commit. */
export function commitOf({ metadata, spec }: ServiceRelease, revision: string): string | undefined {
  const noted = revision === spec.revision ? metadata.annotations[COMMIT] : undefined;
  const commit = noted?.trim().toLowerCase() ?? revision;
  return HASH.test(commit) ? commit : undefined;
}

/** What a run is made of. */
export interface Blueprint {
  readonly intent: Intent;
  readonly environment: Environment;
  /** As it is for this release. */
  readonly strategy: Strategy;
  readonly waves: readonly PlannedWave[];
  readonly planned: Planned;
  /** The releases that must be ready before it begins. */
  readonly dependsOn: readonly Dependency[];
  readonly warnings: NonNullable<RunSpec["warnings"]>;
}

/** What a plan says, of a run as of a preview. */
export function planned({ intent, strategy, waves, planned: { values, targets }, dependsOn, warnings }: Blueprint) {
  return {
    strategy: {
      progressDeadlineSeconds: milliseconds(strategy.progressDeadline) / 1000,
      // What goes back goes back everywhere: there is nothing behind it to go back to.
      onFailure: intent.kind === "Rollback" ? ("Continue" as const) : strategy.onFailure,
      rollbackScope: strategy.rollbackScope,
      supersede: strategy.supersede,
      ...(strategy.rollback?.promoteFull === true ? { promoteFull: true } : {}),
    },
    waves: [...waves],
    ...(dependsOn.length === 0 ? {} : { dependsOn: [...dependsOn] }),
    values: [...values],
    targets: [...targets],
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
  };
}

/** The `number`th run of a release, as it is created: Kubernetes deletes it with its release. */
export function newRun(release: ServiceRelease, blueprint: Blueprint, number: number) {
  const { intent, environment } = blueprint;
  const author = authorOf(release);
  const commit = commitOf(release, intent.revision);
  const { name, namespace, uid, generation } = release.metadata;
  const { source } = environment.spec.application;
  const spec: RunSpec = {
    release: { name, uid, generation, hash: releaseHash(release.spec) },
    kind: intent.kind,
    ...(intent.cause === undefined ? {} : { cause: intent.cause }),
    service: release.spec.service,
    environment: release.spec.environment,
    revision: intent.revision,
    ...(commit === undefined ? {} : { commit }),
    ...(author === undefined ? {} : { author }),
    ...(source === undefined ? {} : { source }),
    ...planned(blueprint),
  };
  const kind: ReleaseRun["kind"] = "ReleaseRun";
  const owner = { apiVersion: API_VERSION, kind: release.kind, name, uid, controller: true };
  return { apiVersion: API_VERSION, kind, metadata: { name: `${name}-${number}`, namespace, ownerReferences: [owner] }, spec };
}
