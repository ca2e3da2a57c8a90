import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { refuse, ROOMS } from "#tools/lint/rooms.ts";

const allowed: readonly (readonly [from: string, specifier: string, types?: boolean])[] = [
  ["src/engine/step.ts", "#api/reasons.ts"],
  ["src/engine/step.ts", "./world.ts"],
  ["src/engine/gates/soak.ts", "../world.ts"],
  ["src/engine/step.ts", "../api/reasons.ts"],
  ["src/api/environment.ts", "zod"],
  ["src/api/environment.ts", "zod/v4"],
  ["src/kube/http.ts", "node:tls"],
  ["src/kube/http.ts", "undici"],
  ["src/argo/patch.ts", "#engine/world.ts"],
  ["src/argo/patch.ts", "#kube/ports.ts", true],
  ["src/fleet/fleet.ts", "#kube/client.ts"],
  ["src/controllers/releases.ts", "#fleet/fleet.ts"],
  ["src/operator/process.ts", "#controllers/releases.ts"],
  ["src/observe/metrics.ts", "#kube/ports.ts", true],
  ["src/main.ts", "#operator/process.ts"],
  ["src/main.ts", "./config.ts"],
  ["tools/generate/crd.ts", "#api/rules.ts"],
  ["test/unit/kube/queue.test.ts", "#kube/queue.ts"],
];
for (const [from, specifier, types = false] of allowed) {
  test(`${from} may import ${types ? "the types of " : ""}${specifier}`, () => assert.equal(refuse(from, specifier, types), undefined));
}

const refused: readonly (readonly [from: string, specifier: string, why: RegExp, types?: boolean])[] = [
  ["src/api/rules.ts", "#engine/step.ts", /api may import nothing of ours, not src\/engine\/step\.ts/],
  ["src/api/rules.ts", "node:crypto", /api may import of packages only zod, not node:crypto/],
  ["src/api/rules.ts", "zodiac", /of packages only zod/],
  ["src/engine/step.ts", "node:fs", /engine may import no packages and no node: modules, not node:fs/],
  ["src/engine/step.ts", "zod", /no packages/],
  ["src/engine/step.ts", "#kube/ports.ts", /engine may import api, not src\/kube\/ports\.ts/, true],
  ["src/engine/step.ts", "../fleet/fleet.ts", /not src\/fleet\/fleet\.ts/],
  ["src/engine/gates/soak.ts", "../../fleet/fleet.ts", /not src\/fleet\/fleet\.ts/],
  ["src/engine/step.ts", "./../../src/fleet/fleet.ts", /not src\/fleet\/fleet\.ts/],
  ["src/engine/step.ts", "../main.ts", /not src\/main\.ts/],
  ["src/engine/step.ts", "../../test/build.ts", /not test\/build\.ts/],
  ["src/kube/client.ts", "#api/rules.ts", /kube may import nothing of ours/],
  ["src/argo/patch.ts", "#kube/client.ts", /argo may import kube's types only/],
  ["src/argo/patch.ts", "#fleet/fleet.ts", /not src\/fleet/, true],
  ["src/fleet/fleet.ts", "#argo/read.ts", /fleet may import kube, api, not src\/argo/],
  ["src/controllers/releases.ts", "#operator/process.ts", /not src\/operator/],
  ["src/controllers/releases.ts", "#plane/plane.ts", /not plane\/plane\.ts/],
  ["src/controllers/releases.ts", "#tools/tasks.ts", /not tools\/tasks\.ts/],
  ["src/observe/log.ts", "#kube/clock.ts", /observe may import kube's types only/],
  ["src/cellar/wine.ts", "#api/rules.ts", /src\/cellar is no room/],
];
for (const [from, specifier, why, types = false] of refused) {
  test(`${from} may not import ${types ? "the types of " : ""}${specifier}`, () =>
    assert.match(refuse(from, specifier, types) ?? "allowed", why));
}

test("the rooms form no circle", () => {
  const below = (name: string, path: readonly string[]): void => {
    assert.ok(!path.includes(name), `${[...path, name].join(" → ")}`);
    for (const next of [...(ROOMS[name]?.imports ?? []), ...(ROOMS[name]?.types ?? [])]) below(next, [...path, name]);
  };
  for (const name of Object.keys(ROOMS)) below(name, []);
});

test("CONTRIBUTING.md shows every room with what it may import", () => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "..", "CONTRIBUTING.md"), "utf8");
  for (const [name, { imports, types = [] }] of Object.entries(ROOMS)) {
    const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "";
    assert.equal(row.split("|")[3]?.trim(), [...imports, ...types.map((room) => `${room}'s types`)].join(", ") || "–", name);
  }
});
