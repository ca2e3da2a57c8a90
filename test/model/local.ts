import type { TargetMemo } from "#engine/memo.ts";
import type { WriteKind } from "#engine/world.ts";
import type { TargetStatus } from "#api/releaserun.ts";
import { reconciledAt, startedAt, type App, type Token } from "./app.ts";
import { canonicalMemo, isFinal, memoKey } from "./memos.ts";

/** All that there is of one target: what is, what the conductor sees and remembers of it, and what it has stored. */
export interface Local {
  readonly app: App;
  /** What the conductor's watch shows: the Application, or the version before it. */
  readonly view: App;
  /** live; opening: the process has just begun; broken: the watch ended; down: its cluster does not answer; gone: it is registered no more. */
  readonly link: "live" | "opening" | "broken" | "down" | "gone";
  readonly memo: TargetMemo;
  /** The watch has shown something that was not judged yet. */
  readonly changed: boolean;
  /** The watch has not come to our own last write yet. */
  readonly behind: boolean;
  /** A write on its way. */
  readonly writing: Writing | undefined;
  /** A write failed a moment ago. */
  readonly waits: boolean;
  /** Its API server refuses our writes. */
  readonly refusing: boolean;
  /** Its Argo CD is the slow one. */
  readonly slow: boolean;
  /** A person took it out. */
  readonly skipped: boolean;
  /** What it held at first contact is stored. */
  readonly met: boolean;
  /** What was stored of it last; undefined before the first time, and when nobody can ask any more. */
  readonly stored: TargetStatus | undefined;
}

export interface Writing {
  readonly kind: WriteKind;
  readonly back: boolean;
}

export function localKey({ app, view, link, memo, changed, behind, writing, waits, refusing, slow, skipped, met, stored }: Local): string {
  const flags = [changed, behind, waits, refusing, slow, skipped, met].map(Number).join("");
  const seen = view === app ? "=" : appKey(view);
  const said = stored === undefined ? "" : JSON.stringify(stored);
  return `${appKey(app)}|${seen}|${link}|${flags}|${writing?.kind ?? ""}${writing?.back ?? ""}|${memoKey(memo)}|${said}`;
}

export function appKey({
  exists,
  spec,
  comparedTo,
  live,
  sync,
  error,
  health,
  op,
  last,
  fresh,
  rolling,
  beat,
  refreshing,
  skip,
}: App): string {
  const flags = [exists, error, fresh, rolling, refreshing, skip].map(Number).join("");
  const told = last === undefined ? "" : `${last.by},${last.revision},${last.phase},${last.token},${last.retrying},${last.blocked}`;
  return `${spec},${comparedTo},${live},${sync},${health},${flags},${beat},${op === undefined ? "" : `${op.by},${op.revision}`},${told}`;
}

/**
 * The one of all that behave equally: moments of which only equality is asked are named in the order of their appearance, what nobody
 * will look at is left out.
 */
export function canonicalLocal(local: Local): Local {
  // Who cannot see it will see it as it is then.
  const memo = canonicalMemo(local.memo);
  const isOver = isFinal(memo);
  const isNew = appKey(local.view) !== appKey(memo.heartbeat === undefined ? { ...local.app, beat: local.view.beat } : local.app);
  const late = !isOver && local.link === "live" && isNew;
  const tokens = tokenNames([local.app.last?.token, late ? local.view.last?.token : undefined], memo);
  const beats = beatNames(local.app, local.view, memo);
  const app = renamed(local.app, tokens, beats);
  const view = late ? renamed(local.view, tokens, beats) : app;
  return {
    ...local,
    app,
    view,
    changed: !isOver && local.changed,
    behind: late && local.behind,
    memo: {
      ...memo,
      heartbeat: memo.heartbeat === undefined ? undefined : renamedBeat(memo.heartbeat, beats),
      fingerprint: renamedIn(memo.fingerprint, tokens),
      contact:
        memo.contact === undefined ? undefined : { ...memo.contact, lastOperation: renamedOperation(memo.contact.lastOperation, tokens) },
    },
    stored: local.stored === undefined ? undefined : withContactRenamed(local.stored, tokens),
  };
}

function withContactRenamed(stored: TargetStatus, tokens: ReadonlyMap<Token, Token>): TargetStatus {
  const lastOperation = renamedOperation(stored.contact?.lastOperation, tokens);
  return stored.contact === undefined || lastOperation === undefined
    ? stored
    : { ...stored, contact: { ...stored.contact, lastOperation } };
}

const TOKENS: readonly Token[] = ["A", "B", "C", "now"];

function tokenNames(seen: readonly (Token | undefined)[], { contact, fingerprint }: TargetMemo): ReadonlyMap<Token, Token> {
  const names = new Map<Token, Token>();
  for (const token of TOKENS) if (contact?.lastOperation === startedAt(token)) names.set(token, "kept");
  const add = (token: Token | undefined): void => {
    if (token === undefined || token === "plan" || token === "kept" || names.has(token)) return;
    const free = TOKENS.find((name) => ![...names.values()].includes(name));
    if (free === undefined || free === "now") throw new Error("more operations are told apart than there are names for");
    names.set(token, free);
  };
  for (const token of seen) add(token);
  for (const token of TOKENS) if (fingerprint.includes(`"${startedAt(token)}"`)) add(token);
  return names;
}

function beatNames(app: App, view: App, { heartbeat }: TargetMemo): ReadonlyMap<number, number> {
  const names = new Map([[app.beat, 0]]);
  // Until one is waited for, no beat is compared with another.
  if (!names.has(view.beat)) names.set(view.beat, heartbeat === undefined ? 0 : 1);
  for (let beat = 0; beat < 10; beat += 1) if (heartbeat === reconciledAt(beat) && !names.has(beat)) names.set(beat, 2);
  return names;
}

function renamed(app: App, tokens: ReadonlyMap<Token, Token>, beats: ReadonlyMap<number, number>): App {
  const { last } = app;
  const isOver = last === undefined || last.phase === "Running" || last.phase === "Terminating";
  const named = last === undefined ? undefined : { ...last, token: tokens.get(last.token) ?? last.token };
  return { ...app, last: named, fresh: isOver || app.fresh, beat: beats.get(app.beat) ?? app.beat };
}

function renamedBeat(heartbeat: string, beats: ReadonlyMap<number, number>): string {
  for (const [beat, name] of beats) if (reconciledAt(beat) === heartbeat) return reconciledAt(name);
  return heartbeat;
}

function renamedIn(fingerprint: string, tokens: ReadonlyMap<Token, Token>): string {
  for (const [token, name] of tokens) {
    const text = `"${startedAt(token)}"`;
    if (fingerprint.includes(text)) return fingerprint.replace(text, `"${startedAt(name)}"`);
  }
  return fingerprint;
}

function renamedOperation(operation: string | undefined, tokens: ReadonlyMap<Token, Token>): string | undefined {
  for (const [token, name] of tokens) if (operation === startedAt(token)) return startedAt(name);
  return operation;
}
