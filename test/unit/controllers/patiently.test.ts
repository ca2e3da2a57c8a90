import assert from "node:assert/strict";
import { test } from "node:test";
import { patiently } from "#controllers/patiently.ts";
import { KubeFailure, type KubeFailureKind } from "#kube/errors.ts";

/** What comes of working on a key again and again, each time with one of these results: relists, and what was thrown. */
async function working(...results: readonly (KubeFailureKind | "well")[]) {
  let [relists, again] = [0, 0];
  const left = [...results];
  const reconcile = (): Promise<void> => {
    const result = left.shift() ?? "well";
    return result === "well" ? Promise.resolve() : Promise.reject(new KubeFailure(result, "no"));
  };
  const work = patiently({ addAfter: () => void (again += 1) }, reconcile, () => void (relists += 1));
  for (const _ of results) await work("team-a/checkout.production-1");
  return { relists, again };
}

test("who was quicker is no failure: what they wrote is looked at", async () =>
  assert.deepEqual(await working("Conflict", "well", "NotFound", "AlreadyExists", "well"), { relists: 0, again: 3 }));

test("a copy with which every write is refused is listed anew", async () =>
  assert.deepEqual(await working("Conflict", "Conflict", "Conflict", "Conflict", "well"), { relists: 1, again: 4 }));

test("now and then a refusal does not add up", async () =>
  assert.deepEqual(await working("Conflict", "Conflict", "Conflict", "well", "Conflict", "well"), { relists: 0, again: 4 }));

test("any other failure is the queue's", async () => assert.rejects(working("ServerError"), { kind: "ServerError" }));
