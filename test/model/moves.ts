import { argoMoves } from "./argo.ts";
import { settledAt, type App } from "./app.ts";
import type { Desk } from "./desk.ts";
import type { Engine } from "./engine.ts";
import type { Fault } from "./faults.ts";
import { land, landUnheard } from "./landing.ts";
import type { Local } from "./local.ts";

/** What may happen to one target, whatever the others do. */
export interface Move {
  readonly label: string;
  readonly local: Local;
  /** It is none that the world makes when all goes well: so many are made on a path. */
  readonly isFault: boolean;
  /** It happens soon, unless somebody is slow. */
  readonly isDue: boolean;
  /** Argo CD does it. */
  readonly isArgo: boolean;
  /** What is released is no good there. */
  readonly isTrouble: boolean;
  /** The conductor wrote a value or an operation. */
  readonly writes: boolean;
  /** Rules that it broke. */
  readonly wrong: readonly string[];
}

export function movesOf(engine: Engine, desk: Desk, index: number, local: Local): readonly Move[] {
  const { automated, doomed } = desk.world;
  const free = (label: string, after: Local): Move => ({
    label,
    local: after,
    isFault: false,
    isDue: false,
    isArgo: false,
    isTrouble: false,
    writes: false,
    wrong: [],
  });
  const fault = (label: string, after: Local): Move => ({ ...free(label, after), isFault: true });
  const argo = argoMoves(local.app, { automated, doomed: doomed === index }).map(({ label, app, isTrouble = false, isIdle = false }) => ({
    ...free(`Argo CD ${label}`, withApp(local, app)),
    isTrouble,
    isArgo: true,
    isDue: !isTrouble && !isIdle,
  }));
  const landing = land(engine, desk, index, local);
  const landed =
    landing === undefined
      ? []
      : [{ ...free(landing.label, landing.local), isDue: true, writes: landing.wrote !== undefined, wrong: landing.wrong }];
  return [
    ...argo,
    ...landed,
    ...returns(local).map(([label, after]) => ({ ...free(label, after), isDue: local.link === "opening" })),
    ...[...faults(local), ...writeFaults(engine, desk, index, local)]
      .filter(([kind]) => desk.world.faults.has(kind))
      .map(([, label, after]) => fault(label, after)),
  ];
}

/** The watch will show the version before, until it comes to this one. */
function withApp(local: Local, app: App): Local {
  return { ...local, app, view: local.app, behind: false };
}

type Told = readonly [label: string, after: Local];
type Wrong = readonly [fault: Fault, label: string, after: Local];

/** What went wrong ends. */
function returns(local: Local): Told[] {
  const { link, app, refusing } = local;
  const told: Told[] = [];
  const back: Local = { ...local, link: "live", view: app, changed: true, behind: false };
  if (link === "opening") told.push(["the watch shows it", back]);
  if (link === "broken")
    told.push(["the watch is open again", back], ["its cluster does not answer", { ...local, link: "down", changed: true }]);
  if (link === "down") told.push(["its cluster answers again", back]);
  if (link === "gone") told.push(["it is registered again", back]);
  if (refusing) told.push(["its API server refuses no more", { ...local, refusing: false }]);
  if (app.skip) told.push(["somebody lets Argo CD look at it again", withApp(local, { ...app, skip: false })]);
  if (!app.exists) told.push(["its owner creates it again", withApp(local, { ...settledAt("old"), last: undefined, beat: 9 })]);
  if (app.spec === "untold") told.push(["its sources are as they were", withApp(local, { ...app, spec: app.comparedTo })]);
  return told;
}

function faults(local: Local): Wrong[] {
  const { link, app, refusing } = local;
  const told: Wrong[] = [];
  if (link === "live")
    told.push(
      ["watch", "the watch breaks", { ...local, link: "broken", changed: true }],
      ["registration", "its registration is removed", { ...local, link: "gone", changed: true }],
    );
  if (!refusing) told.push(["refusal", "its API server refuses what the conductor writes", { ...local, refusing: true }]);
  if (!app.exists) return told;
  const { op, last } = app;
  const become = (kind: Fault, label: string, after: Partial<App>): void => {
    told.push([kind, label, withApp(local, { ...app, ...after })]);
  };
  if (app.spec !== "foreign") become("values", "somebody writes other values", { spec: "foreign" });
  if (app.spec === "new") become("values", "its owner writes the values of before", { spec: "old" });
  become("sources", "somebody changes its sources", { spec: "untold" });
  if (!app.skip) become("pause", "somebody tells Argo CD not to look at it", { skip: true });
  become("deletion", "somebody deletes it", { exists: false });
  if (op === undefined) {
    const begun = { by: "other", revision: "old" } as const;
    become("operation", "somebody starts an operation", {
      op: begun,
      last: { ...begun, phase: "Running", token: "now", retrying: false, blocked: false },
    });
  } else if (last?.phase === "Running" && !last.blocked) become("window", "a sync window closes", { last: { ...last, blocked: true } });
  if (op?.revision === "old" && last?.phase === "Running")
    become("operation", "Argo CD ends the operation: Failed", {
      op: undefined,
      fresh: false,
      last: { ...last, phase: "Failed", retrying: false, blocked: false },
    });
  if (app.refreshing) become("refresh", "Argo CD drops the refresh that it was asked for", { refreshing: false });
  if (app.fresh && app.health === "Healthy" && app.live !== "new")
    become("health", "Argo CD reports Degraded", { health: "Degraded", beat: 9 });
  if (app.fresh && app.health === "Healthy") become("health", "Argo CD reports Missing", { health: "Missing", beat: 9 });
  return told;
}

function writeFaults(engine: Engine, desk: Desk, index: number, local: Local): Wrong[] {
  const { writing, link, refusing, app, memo } = local;
  if (writing === undefined || link === "down" || link === "gone" || refusing || !app.exists) return [];
  const told: Wrong[] = [
    [
      "consent",
      "consent was withdrawn: nothing is written",
      // As Session.end() has it.
      { ...local, writing: undefined, changed: true, memo: { ...memo, phase: "Failed", reason: "NotAuthorized", need: undefined } },
    ],
  ];
  const unheard = landUnheard(engine, desk, index, local);
  if (unheard !== undefined) told.push(["answer", `the conductor's ${writing.kind} is made, and the answer lost`, unheard]);
  return told;
}
