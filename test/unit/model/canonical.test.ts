import assert from "node:assert/strict";
import { test } from "node:test";
import { newMemo } from "#engine/memo.ts";
import { reconciledAt, settledAt, startedAt, type App, type Token } from "#test/model/app.ts";
import { canonicalLocal, localKey, type Local } from "#test/model/local.ts";
import { agedMemo, canonicalMemo } from "#test/model/memos.ts";
import { DEADLINE, T0 } from "#test/model/times.ts";

const app = settledAt("new");

function local(more: Partial<Local> = {}): Local {
  const calm = { changed: false, behind: false, waits: false, refusing: false, slow: false, skipped: false, met: false } as const;
  return { app, view: app, link: "live", memo: newMemo(T0), writing: undefined, stored: undefined, ...calm, ...more };
}

const key = (one: Local): string => localKey(canonicalLocal(one));
const operated = (token: Token): App => ({
  ...app,
  last: { by: "auto", revision: "new", phase: "Succeeded", token, retrying: false, blocked: false },
});
const fingerprint = (token: Token): string => JSON.stringify([false, startedAt(token), "Succeeded"]);
const awaiting = (beat: number): Local["memo"] => ({ ...newMemo(T0), phase: "Arrived", started: true, heartbeat: reconciledAt(beat) });

test("which moment a heartbeat was at is no matter, only whether it is the one that was seen", () => {
  const heard = (beat: number, seen: number): Local => local({ app: { ...app, beat }, view: { ...app, beat }, memo: awaiting(seen) });
  assert.equal(key(heard(3, 3)), key(heard(0, 0)));
  assert.equal(key(heard(4, 3)), key(heard(0, 5)));
  assert.notEqual(key(heard(3, 3)), key(heard(4, 3)));
});

test("which operation it was is no matter, only whether it is the one that was seen", () => {
  const seen = (token: Token, before: Token): Local => {
    const memo = { ...newMemo(T0), started: true, fingerprint: fingerprint(before) };
    return local({ app: operated(token), view: operated(token), memo });
  };
  assert.equal(key(seen("B", "B")), key(seen("A", "A")));
  assert.equal(key(seen("now", "A")), key(seen("A", "B")));
  assert.notEqual(key(seen("A", "A")), key(seen("now", "A")));
  assert.notEqual(key(seen("plan", "plan")), key(seen("A", "A")));
});

test("of a target that cannot be seen nothing is late", () => {
  const before = { ...app, health: "Degraded" } as const;
  assert.equal(key(local({ link: "down", view: before })), key(local({ link: "down" })));
  assert.notEqual(key(local({ view: before })), key(local()));
});

test("a stamp older than any deadline is as old as the deadline, and what is canonical stays so", () => {
  const memo = canonicalMemo({ ...newMemo(T0), phase: "Patched", started: true, progressAt: T0 - 3 * DEADLINE, lookAt: T0 - 1 });
  assert.deepEqual([memo.progressAt, memo.lookAt], [T0 - DEADLINE, T0]);
  assert.deepEqual(canonicalMemo(memo), memo);
  assert.deepEqual(agedMemo(memo, DEADLINE), memo);
  const once = canonicalLocal(local({ memo, app: operated("now"), view: { ...operated("B"), beat: 7 } }));
  assert.equal(localKey(canonicalLocal(once)), localKey(once));
});

test("of a verdict only what turning back takes along is kept", () => {
  const failed = { ...newMemo(T0), phase: "Failed", started: true, written: true } as const;
  const memo = canonicalMemo({ ...failed, reason: "Degraded", progressAt: T0 - 5000, wasReady: true, fingerprint: "x", heartbeat: "y" });
  assert.deepEqual(memo, canonicalMemo({ ...failed, reason: "SyncFailed" }));
  assert.deepEqual([memo.phase, memo.started, memo.written], ["Failed", true, true]);
});
