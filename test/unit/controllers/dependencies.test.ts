import assert from "node:assert/strict";
import { test } from "node:test";
import { strategy } from "#api/strategy.ts";
import { cycleOf, dependenciesOf, dependencySeen } from "#controllers/dependencies.ts";
import type { Reflector } from "#kube/ports.ts";
import { production, R1, R2, release } from "#test/build.ts";

function known<T>(objects: Readonly<Record<string, T>>): Reflector<T> {
  return {
    synced: true,
    failure: undefined,
    get: (key) => objects[key],
    list: () => Object.values(objects),
    caughtUp: () => true,
    onChange: () => () => undefined,
    relist: () => undefined,
    stop: async () => undefined,
  };
}

const dependsOn = (...all: readonly object[]) => strategy.parse({ dependsOn: all });

test("names and revisions are filled in: of its own service, at its own revision, where nothing else is said", () => {
  const all = dependsOn({ environment: "staging", revision: "{{revision}}" }, { service: "db-{{service}}", environment: "live" });
  assert.deepEqual(dependenciesOf(all, { service: "checkout", revision: R2 }), [
    { name: "checkout.staging", revision: R2 },
    { name: "db-checkout.live" },
  ]);
  assert.deepEqual(dependenciesOf(strategy.parse({}), { service: "checkout", revision: R2 }), []);
});

const ready = (status: "True" | "False", observedGeneration: number) => ({
  phase: "Progressing" as const,
  conditions: [
    { type: "Ready", status, reason: "Progressing", message: "in flight", observedGeneration, lastTransitionTime: "2026-11-23T10:00:00Z" },
  ],
});

for (const [what, other, wanted, message] of [
  ["is not there", undefined, undefined, "there is no ServiceRelease checkout.staging: create it"],
  ["wishes for something else", release({ revision: R1 }, ready("True", 7)), R2, `it wishes for ${R1}, and ${R2} must be ready there`],
  ["was not looked at", release({ revision: R2 }), R2, "the conductor has not looked at it yet"],
  ["was not looked at since its wish", release({ revision: R2 }, ready("True", 6)), R2, "the conductor has not looked at it yet"],
  ["is on its way", release({ revision: R2 }, ready("False", 7)), R2, "it is Progressing: in flight"],
  ["is ready", release({ revision: R2 }, ready("True", 7)), R2, undefined],
  ["is ready at what it wishes for", release({ revision: R1 }, ready("True", 7)), undefined, undefined],
] as const)
  test(`a release that depends on another ${message === undefined ? "begins" : "waits"} when that ${what}`, () => {
    const releases = known(other === undefined ? {} : { "team-a/checkout.staging": other });
    const dependency = { name: "checkout.staging", ...(wanted === undefined ? {} : { revision: wanted }) };
    assert.deepEqual(dependencySeen(dependency, "team-a", releases), {
      name: "checkout.staging",
      ready: message === undefined,
      message: message ?? "ready",
    });
  });

test("a way back to itself is found, over other services and environments, and nothing else is", () => {
  const depending = (...all: readonly object[]) => production({ strategy: { dependsOn: all } });
  const environments = known({
    "team-a/production": depending({ environment: "staging" }),
    "team-a/staging": depending({ service: "db", environment: "live" }, { environment: "loop" }),
    "team-a/live": depending({ service: "checkout", environment: "production" }),
    "team-a/loop": depending({ environment: "loop" }),
  });
  assert.deepEqual(cycleOf(release(), environments), ["checkout.production", "checkout.staging", "db.live", "checkout.production"]);
  const open = known({ "team-a/production": depending({ environment: "loop" }), "team-a/loop": depending({ environment: "loop" }) });
  assert.equal(cycleOf(release(), open), undefined);
});
