import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { ACTIONS, OUTCOMES } from "#api/reasons.ts";
import { ON_FAILURE, ROLLBACK_SCOPES, strategy, SUPERSEDE } from "#api/strategy.ts";
import { Teller } from "./language/teller.ts";
import { CANONICAL, ORDERS } from "./language/telling.ts";
import { slug } from "./story.ts";
import { STORIES } from "./tales/all.ts";

const GOLDEN = join(import.meta.dirname, "golden");
const update = process.env["UPDATE_GOLDEN"] === "1";

const teller = new Teller();
after(() => teller.end());

for (const story of STORIES) {
  test(story.title, async (t) => {
    const { log, ending } = await teller.tell(slug(story), CANONICAL);
    const path = join(GOLDEN, `${slug(story)}.log`);
    if (update) writeFileSync(path, log);
    assert.ok(existsSync(path), `${path} is missing: UPDATE_GOLDEN=1 writes it`);
    assert.equal(log, readFileSync(path, "utf8"));
    for (const order of ORDERS) {
      const other = await teller.tell(slug(story), order);
      if (!isDeepStrictEqual(other.ending, ending)) t.diagnostic(`in order ${order.seed}:\n${other.log}`);
      assert.deepEqual({ order: order.seed, ...other.ending }, { order: order.seed, ...ending });
    }
  });
}

test("each golden file belongs to one story", () => {
  const known = STORIES.map((story) => `${slug(story)}.log`);
  assert.equal(new Set(known).size, known.length, "two stories have one title");
  assert.deepEqual(readdirSync(GOLDEN).toSorted(), known.toSorted());
});

test("the stories tell of every field of the strategy, every action and every outcome", () => {
  const told = readdirSync(GOLDEN)
    .map((name) => readFileSync(join(GOLDEN, name), "utf8"))
    .join("\n");
  const used = STORIES.map(({ setting }) => setting.strategy ?? {});
  const fields = new Set(used.flatMap((one) => Object.keys(one)));
  assert.deepEqual(
    Object.keys(strategy.shape).filter((field) => !fields.has(field)),
    // There is no Rollout in the simulation: test/e2e/canaries.test.ts tells of it.
    ["rollback"],
  );
  assert.deepEqual(
    ON_FAILURE.filter((one) => one !== "RollBack" && !used.some(({ onFailure }) => onFailure === one)),
    [],
  );
  assert.deepEqual(
    ROLLBACK_SCOPES.filter((one) => one !== "Run" && !used.some(({ rollbackScope }) => rollbackScope === one)),
    [],
  );
  assert.deepEqual(
    SUPERSEDE.filter((one) => one !== "Queue" && !used.some(({ supersede }) => supersede === one)),
    [],
  );
  assert.deepEqual(
    ACTIONS.filter((action) => !told.includes(`conductor.dev/${action}: `)),
    [],
  );
  assert.deepEqual(
    OUTCOMES.filter((outcome) => !told.includes(`ends: ${outcome} `)),
    [],
  );
});
