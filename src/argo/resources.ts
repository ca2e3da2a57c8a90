import type { Application } from "./application.ts";
import { said } from "./said.ts";

/** What Argo CD says of the resources of an Application: of many, the first few. */

const FEW = 3;
/** Each is asked for itself. */
const ROLLOUTS = 5;

/** A resource that a sync could not bring about. */
export interface Failure {
  /** As `Kind/name`. */
  readonly resource: string;
  /** When the hook runs, PreSync or PostSync, if it is one. */
  readonly hook: string | undefined;
  readonly message: string;
}

export interface RolloutName {
  readonly namespace: string;
  readonly name: string;
}

type Resource = NonNullable<NonNullable<Application["status"]>["resources"]>[number];

/** What is out of sync, as `Kind/name`. */
export function outOfSync(app: Application): readonly string[] {
  return notSynced(app).slice(0, FEW).map(nameOf);
}

export function waitsOnlyForPruning(app: Application): boolean {
  const found = notSynced(app);
  return found.length > 0 && found.every((resource) => resource.requiresPruning === true);
}

function notSynced(app: Application): readonly Resource[] {
  return (app.status?.resources ?? []).filter(({ status }) => status === "OutOfSync");
}

/** The Rollouts of Argo Rollouts that it holds. */
export function rolloutsIn(app: Application): readonly RolloutName[] {
  const found = (app.status?.resources ?? []).filter(
    ({ group, kind, namespace, name }) => group === "argoproj.io" && kind === "Rollout" && namespace !== "" && name !== "",
  );
  return found.slice(0, ROLLOUTS).map(({ namespace, name }) => ({ namespace, name }));
}

/** What failed in the last operation, hooks included. */
export function failures(app: Application): readonly Failure[] {
  const failed = (app.status?.operationState?.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === "SyncFailed" || hookPhase === "Failed" || hookPhase === "Error",
  );
  return failed.slice(0, FEW).map((one) => ({ resource: nameOf(one), hook: one.hookType || undefined, message: said(one.message) }));
}

function nameOf({ kind, name }: Pick<Resource, "kind" | "name">): string {
  return `${kind}/${name}`;
}
