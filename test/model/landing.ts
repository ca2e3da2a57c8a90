import { afterWrite } from "#engine/memo.ts";
import type { WriteKind } from "#engine/world.ts";
import { observationOf, valueOf, type App, type Value } from "./app.ts";
import type { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import { appKey, type Local } from "./local.ts";
import { T0 } from "./times.ts";
import type { Beginning } from "./worlds.ts";

/** What becomes of one write when it reaches its API server, as controllers/writer.ts and Session.end() have it. */
export interface Landing {
  readonly local: Local;
  readonly label: string;
  /** What was written to the spec or the slot for operations; undefined for a refresh, and when nothing was. */
  readonly wrote: WriteKind | undefined;
  readonly wrong: readonly string[];
}

export function land(engine: Engine, desk: Desk, index: number, local: Local): Landing | undefined {
  const { writing, app, memo, link } = local;
  if (writing === undefined) return undefined;
  const wanted = desk.write(index, local, writing);
  const ended: Local = { ...local, writing: undefined, changed: true };
  const what = `the conductor's ${writing.kind}${writing.back ? " back" : ""}`;
  const refused = (message: string): Landing => ({
    local: { ...ended, memo: { ...memo, refused: message }, waits: true },
    label: `${what} fails: ${message}`,
    wrote: undefined,
    wrong: [],
  });
  if (link === "down" || link === "gone") return refused("nobody answers");
  if (!app.exists) return { local: { ...ended, waits: true }, label: `${what} finds no Application`, wrote: undefined, wrong: [] };
  const kind = engine.admitted(wanted, observationOf(app, desk.world.automated));
  const isLate = local.view !== app && appKey(local.view) !== appKey(app);
  if (kind === "Changed")
    return { local: { ...ended, waits: true, behind: isLate }, label: `${what} is not made: it changed`, wrote: undefined, wrong: [] };
  const after = afterWrite(memo, writing.kind, T0);
  if (kind === "Done")
    return {
      local: { ...ended, waits: false, behind: isLate, memo: after },
      label: writing.kind === "Confirm" ? `${what} reads it anew` : `${what} was made before`,
      wrote: undefined,
      wrong: [],
    };
  if (local.refusing) return refused("it is refused");
  const written = applied(app, kind, valueOf(wanted.want.desired), writing.back);
  const wrong = overwritesWrongly(app, kind, writing.back, desk.world.beginnings[index] ?? "plain", local);
  return {
    local: { ...ended, waits: false, app: written, view: app, behind: true, memo: after },
    label: `${what} is made`,
    wrote: kind === "Refresh" ? undefined : kind,
    wrong,
  };
}

/** As argo/patch.ts writes it. */
function applied(app: App, kind: WriteKind, value: Value, back: boolean): App {
  const op = { by: back ? ("back" as const) : ("forward" as const), revision: value };
  switch (kind) {
    case "Patch":
      return { ...app, spec: value };
    case "PatchAndSync":
      return { ...app, spec: value, op, last: undefined };
    case "Sync":
      return { ...app, op, last: undefined };
    case "Refresh":
      return { ...app, refreshing: true };
    case "Confirm":
    // There is no Rollout in this world.
    case "PromoteFull":
    case "RetryCanary":
      return app;
    case "Terminate":
      return app.last === undefined ? app : { ...app, last: { ...app.last, phase: "Terminating" } };
  }
}

/** Invariants 3 and 4: only what the plan saw, or what is ours, is written over; nobody else's operation is lost. */
function overwritesWrongly(app: App, kind: WriteKind, back: boolean, beginning: Beginning, { memo }: Local): readonly string[] {
  const wrong: string[] = [];
  const planned =
    beginning === "mid" ? "mid" : beginning === "there" ? "new" : beginning === "away" ? memo.contact?.live["targetRevision"] : "old";
  const may = back ? ["new", ...(beginning === "mid" ? ["mid"] : [])] : [planned];
  if ((kind === "Patch" || kind === "PatchAndSync") && !may.includes(app.spec)) wrong.push(`${back ? 4 : 3}: ${app.spec} is written over`);
  if ((kind === "PatchAndSync" || kind === "Sync") && app.op !== undefined) wrong.push("3: an operation in flight is written over");
  if (kind === "Terminate" && app.op?.by === "other") wrong.push("3: somebody else's operation is ended");
  return wrong;
}

/** It was committed, and the answer was lost. */
export function landUnheard(engine: Engine, desk: Desk, index: number, local: Local): Local | undefined {
  const landing = land(engine, desk, index, local);
  if (landing === undefined || landing.local.app === local.app) return undefined;
  return {
    ...landing.local,
    memo: { ...local.memo, refused: "the answer was lost" },
    waits: true,
    behind: false,
    // The watch shows it as anybody's change.
    view: local.app,
  };
}
