import type { Environment } from "#api/environment.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Projected } from "#argo/read.ts";
import type { Fleet } from "#fleet/fleet.ts";
import type { KubeClient } from "#kube/client.ts";
import type { Involved } from "#kube/events.ts";
import type { Clock, Log, Random, Reflector } from "#kube/ports.ts";
import type { Allowed } from "./analysistemplates.ts";

/** What the controllers are given: nothing here is made by them. */
export interface Parts {
  /** The management cluster. */
  readonly home: KubeClient;
  readonly releases: Reflector<ServiceRelease>;
  readonly environments: Reflector<Environment>;
  readonly runs: Reflector<ReleaseRun>;
  readonly fleet: Fleet<Projected>;
  readonly events: { record(involved: Involved, type: "Normal" | "Warning", reason: string, note: string): void };
  readonly count: Counters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: Settings;
}

export interface Settings {
  /** How long the evidence must hold, in milliseconds. */
  readonly settleTime: number;
  /** How long a plan waits for an API server that does not answer, in milliseconds. */
  readonly contactTime: number;
  /** How long a cluster whose registration is gone may come back before it counts as gone, in milliseconds. */
  readonly graceTime: number;
  /** What AnalysisRuns may do besides asking a metrics system. */
  readonly allowAnalysis: Allowed;
  /** Where people find a release, with variables; without it nothing in an Application leads there. */
  readonly releaseUrl?: string;
}

/** What is worth counting, for metrics. */
export interface Counters {
  write(kind: string, result: string): void;
  outcome(outcome: string): void;
  notification(type: string, state: string): void;
}

/**
 * Milliseconds for each target between two looks at all of them: what they cost in all shall grow with the targets and not
 * with their square.
 */
export const PACE_PER_TARGET = 0.1;

/** `namespace/name`, as reflectors and queues know an object. */
export function keyOf({ metadata }: { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export const SERVICE_RELEASES = { group: "conductor.dev", version: "v1alpha1", plural: "servicereleases" } as const;
export const ENVIRONMENTS = { group: "conductor.dev", version: "v1alpha1", plural: "environments" } as const;
export const RELEASE_APPROVALS = { group: "conductor.dev", version: "v1alpha1", plural: "releaseapprovals" } as const;
export const FREEZE_WINDOWS = { group: "conductor.dev", version: "v1alpha1", plural: "freezewindows" } as const;
export const RELEASE_PREVIEWS = { group: "conductor.dev", version: "v1alpha1", plural: "releasepreviews" } as const;
export const RELEASE_RUNS = { group: "conductor.dev", version: "v1alpha1", plural: "releaseruns" } as const;

/** An object as an Event speaks of it. */
export function involved(object: ServiceRelease | ReleaseRun | Environment): Involved {
  const { apiVersion, kind, metadata } = object;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
  };
}
