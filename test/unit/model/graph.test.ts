import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Graph } from "#test/model/graph.ts";
import { Visited } from "#test/model/visited.ts";

function graphOf(edges: readonly (readonly number[])[]): Graph {
  const graph = new Graph();
  for (const ends of edges) {
    graph.node();
    for (const end of ends) graph.edge(end);
  }
  return graph;
}

/** What can be reached from each node, found out the slow way. */
function reach(edges: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  return edges.map((_, from) => {
    const found = new Set([from]);
    for (const node of found) for (const end of edges[node] ?? []) found.add(end);
    return found;
  });
}

const graphs = fc
  .integer({ min: 1, max: 12 })
  .chain((nodes) => fc.array(fc.array(fc.nat(nodes - 1), { maxLength: 3 }), { minLength: nodes, maxLength: nodes }));

test("two nodes are in one component exactly when each can be reached from the other", () => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const component = graphOf(edges).components();
      const reached = reach(edges);
      for (const a of edges.keys())
        for (const b of edges.keys())
          assert.equal(component[a] === component[b], reached[a]?.has(b) === true && reached[b]?.has(a) === true);
    }),
  );
});

test("a bottom is what nothing leads out of, and every node leads to one", () => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const graph = graphOf(edges);
      const component = graph.components();
      const reached = reach(edges);
      const bottoms = graph.bottoms(component);
      for (const { node, size } of bottoms) assert.equal(reached[node]?.size, size);
      for (const set of reached) assert.ok(bottoms.some(({ node }) => set.has(node)));
    }),
  );
});

test("a long path needs no stack", () => {
  const length = 200_000;
  const graph = graphOf(Array.from({ length }, (_, node) => (node + 1 < length ? [node + 1] : [])));
  assert.deepEqual(graph.bottoms(graph.components()), [{ node: length - 1, size: 1 }]);
});

test("a state has one number, however many there are", () => {
  const visited = new Visited();
  const states = Array.from({ length: 5000 }, (_, at): [number, number, number, number] => [at % 7, at, at % 13, -at]);
  const ids = states.map((state) => visited.add(...state));
  assert.deepEqual(ids, [...states.keys()]);
  assert.deepEqual(
    states.map((state) => visited.add(...state)),
    ids,
  );
  assert.deepEqual(visited.at(4321), states[4321]);
});
