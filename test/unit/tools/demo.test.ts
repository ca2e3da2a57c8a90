import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sight } from "#tools/demo/sights.ts";
import { traffic } from "#tools/demo/traffic.ts";

const THRESHOLD = 0.05;

/** As the chart's template asks of one cluster. */
function errorRate(cluster: string): string {
  const of = (more: string): string =>
    `sum:hits{service:checkout AND env:any AND cluster_name IN (${cluster})${more}} by {cluster_name}.as_count()`;
  const failed = `moving_rollup(default_zero(${of(" AND http.status_class:5xx")}), 1, 'sum')`;
  return `top(${THRESHOLD} * ${failed} / cutoff_min(${THRESHOLD} * moving_rollup(${of("")}, 1, 'sum'), 20), 1, 'last', 'desc')`;
}

function running(version: string, updated = 4): Sight {
  return { revision: "", synced: "", health: "Healthy", version, complete: true, updated, greeting: "", canary: "" };
}

test("errors rise above the threshold where the bad version runs in production, and fall when it has gone", () => {
  const runs = new Map([
    ["staging-1", running("v2")],
    ["eu-west-1", running("v2")],
    ["us-east-1", running("v1")],
  ]);
  const answer = traffic(
    (cluster) => runs.get(cluster),
    (cluster) => cluster !== "staging-1",
  );
  const looks = (cluster: string): unknown[] => [1, 2, 3].map(() => answer("datadog-v1", errorRate(cluster), 0));
  assert.deepEqual(looks("staging-1"), [[0.004], [0.004], [0.004]]);
  assert.deepEqual(looks("us-east-1"), [[0.004], [0.004], [0.004]]);
  assert.deepEqual(looks("eu-west-1"), [[0.012], [0.034], [0.09]]);
  runs.set("eu-west-1", running("v2", 0));
  assert.deepEqual(answer("datadog-v1", errorRate("eu-west-1"), 0), [0.004]);
});
