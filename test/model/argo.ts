import { isCompared, type App, type Last, type Value } from "./app.ts";

/**
 * What an Argo CD may do next with one Application (controller/appcontroller.go, controller/state.go). It may as well do
 * nothing: then time passes. An operation that fails, or a new revision that is sick, at once or after a while, is trouble: it is
 * none of the faults of the plane, and counted for itself.
 */
export interface ArgoMove {
  readonly label: string;
  readonly app: App;
  readonly isTrouble?: true;
  /** Nothing waits for it. */
  readonly isIdle?: true;
}

/** @param doomed no sync of the new revision succeeds here */
export function argoMoves(app: App, { automated, doomed }: { readonly automated: boolean; readonly doomed: boolean }): readonly ArgoMove[] {
  if (!app.exists || app.skip || app.spec === "untold") return [];
  return [...comparing(app, app.spec), ...syncing(app, app.spec, automated), ...operating(app, doomed), ...living(app)];
}

/** Whether it has begun with something, and not ended it. */
export function isBusy(app: App): boolean {
  if (!app.exists || app.skip || app.spec === "untold") return false;
  return (
    app.op !== undefined ||
    app.rolling ||
    !app.fresh ||
    app.refreshing ||
    (isCompared(app) && (app.sync === "OutOfSync" || app.health === "Progressing"))
  );
}

/** A moment that no other of this target is called by, until the state is made canonical. */
const NOW = 9;

function comparing(app: App, spec: Value): ArgoMove[] {
  const needed = !isCompared(app) || app.error || !app.fresh;
  if (!needed) return [];
  const sync = app.live === spec ? "Synced" : "OutOfSync";
  const looked: App = { ...app, comparedTo: spec, error: false, sync, fresh: true, beat: NOW, refreshing: false };
  const health = (status: App["health"]): ArgoMove => ({
    label: `compares: ${sync}, ${status}`,
    app: { ...looked, rolling: false, health: status },
  });
  const moves = app.rolling ? [health("Progressing"), health("Healthy")] : [health(app.health)];
  if (spec === "new" && !isCompared(app)) {
    // Trap A: it looks as if all were well. Trap D: what is new renders the same manifests.
    moves.push({
      label: "cannot generate manifests of the new revision",
      app: { ...looked, error: true, sync: "Unknown" },
      isTrouble: true,
    });
    if (app.live !== "new" && app.op === undefined)
      moves.push({
        label: "compares: the new revision renders the same manifests",
        app: { ...looked, live: "new", sync: "Synced" },
        isTrouble: true,
      });
  }
  return moves;
}

/** It syncs by itself what it has not tried yet (alreadyAttemptedSync). */
function syncing(app: App, spec: Value, automated: boolean): ArgoMove[] {
  const { op, last } = app;
  if (!automated || op !== undefined || !isCompared(app) || app.sync !== "OutOfSync") return [];
  if (last !== undefined && last.revision === spec) return [];
  const begun: Last = { by: "auto", revision: spec, phase: "Running", token: "now", retrying: false, blocked: false };
  return [{ label: "starts a sync by itself", app: { ...app, op: { by: "auto", revision: spec }, last: begun } }];
}

function operating(app: App, doomed: boolean): ArgoMove[] {
  const { op, last } = app;
  if (op === undefined) return [];
  if (last === undefined || last.phase === "Succeeded" || last.phase === "Failed")
    return [
      { label: "begins the operation", app: { ...app, last: { ...op, phase: "Running", token: "now", retrying: false, blocked: false } } },
    ];
  const ended: App = { ...app, op: undefined, fresh: false, refreshing: app.refreshing };
  const failed: ArgoMove = {
    label: "ends the operation: Failed",
    app: { ...ended, last: { ...last, phase: "Failed", retrying: false, blocked: false } },
  };
  if (last.phase === "Terminating" || (doomed && op.revision === "new")) return [failed];
  const isTrouble = true;
  if (last.blocked) return [{ label: "sees the sync window open", app: { ...app, last: { ...last, blocked: false } } }];
  const succeeded: ArgoMove = {
    label: "ends the operation: Succeeded",
    app: {
      ...ended,
      live: op.revision,
      rolling: app.rolling || app.live !== op.revision,
      last: { ...last, phase: "Succeeded", retrying: false, blocked: false },
    },
  };
  // What was verified once can be synced again.
  if (op.revision === "old") return [succeeded];
  const again: ArgoMove[] = last.retrying
    ? []
    : [{ label: "tries the operation again", app: { ...app, last: { ...last, retrying: true } }, isTrouble }];
  // One that is tried again was trouble before.
  return [succeeded, last.retrying ? failed : { ...failed, isTrouble }, ...again];
}

/** Health changes, and it looks again for no reason. */
function living(app: App): ArgoMove[] {
  if (!isCompared(app) || app.error || !app.fresh) return [];
  const looked: App = { ...app, beat: NOW, refreshing: false };
  const turns = (health: App["health"]): ArgoMove => ({ label: `reports ${health}`, app: { ...looked, health } });
  const sick = (health: App["health"]): ArgoMove => ({ ...turns(health), isTrouble: true });
  const heartbeat: ArgoMove = { label: "looks again: nothing new", app: looked, ...(app.refreshing ? {} : { isIdle: true }) };
  switch (app.health) {
    case "Progressing":
      return [heartbeat, turns("Healthy"), ...(app.live === "new" ? [sick("Degraded"), sick("Suspended")] : [])];
    case "Suspended":
      return [heartbeat, turns("Healthy")];
    case "Degraded":
      return [heartbeat, turns("Healthy")];
    case "Missing":
      return [heartbeat, turns("Progressing")];
    case "Healthy":
      return [heartbeat, ...(app.live === "new" ? [sick("Degraded")] : [])];
  }
}
