import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseRun } from "#api/releaserun.ts";
import { RunIndex } from "#controllers/runindex.ts";
import type { Reflector } from "#kube/ports.ts";
import { run } from "#test/build.ts";

const eu = { instance: "eu", application: { namespace: "argocd", name: "checkout" } };
const us = { instance: "us", application: { namespace: "argocd", name: "checkout" } };
const owner = "uid-checkout.production";
const everybody = () => true;

/** Runs that a test adds and removes. */
class FakeRuns implements Pick<Reflector<ReleaseRun>, "get" | "list" | "onChange"> {
  readonly #runs = new Map<string, ReleaseRun>();
  #tell: (key: string) => void = () => undefined;

  get = (key: string): ReleaseRun | undefined => this.#runs.get(key);
  list = (): readonly ReleaseRun[] => [...this.#runs.values()];
  onChange(listener: (key: string) => void): () => void {
    this.#tell = listener;
    return () => undefined;
  }

  put(one: ReleaseRun): void {
    const key = `${one.metadata.namespace}/${one.metadata.name}`;
    this.#runs.set(key, one);
    this.#tell(key);
  }

  remove({ metadata }: ReleaseRun): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    this.#runs.delete(key);
    this.#tell(key);
  }
}

function indexed(...runs: readonly ReleaseRun[]): { readonly index: RunIndex; readonly runs: FakeRuns } {
  const fake = new FakeRuns();
  const index = new RunIndex(fake as unknown as Reflector<ReleaseRun>);
  for (const one of runs) fake.put(one);
  return { index, runs: fake };
}

test("runs are listed by their numbers, the tenth after the ninth", () => {
  const { index } = indexed(run({ number: 10 }), run({ number: 9 }), run({ number: 1 }));
  assert.deepEqual(
    index.of(owner).map(({ metadata }) => metadata.name),
    ["checkout.production-1", "checkout.production-9", "checkout.production-10"],
  );
});

test("an Application is taken for others than its own release, and only while that release lives", () => {
  const { index } = indexed(run());
  assert.equal(index.takenBy(eu, "another", everybody), "team-a/checkout.production");
  assert.equal(index.takenBy(eu, owner, everybody), undefined);
  assert.equal(
    index.takenBy(eu, "another", () => false),
    undefined,
  );
});

test("an Application is free again when the last run that steers it is gone, and no sooner", () => {
  const [first, narrowed] = [run({ number: 1 }), run({ number: 2, targets: [{ cluster: "eu" }] })];
  const { index, runs } = indexed(first, narrowed);
  runs.remove(first);
  assert.equal(index.takenBy(eu, "another", everybody), "team-a/checkout.production");
  assert.equal(index.takenBy(us, "another", everybody), undefined);
  runs.remove(narrowed);
  assert.equal(index.takenBy(eu, "another", everybody), undefined);
  assert.deepEqual(index.of(owner), []);
});

test("a claim holds until the run is seen, or it is taken back", () => {
  const { index, runs } = indexed();
  const unclaim = index.claim([eu], owner, "team-a/checkout.production");
  assert.equal(index.takenBy(eu, "another", everybody), "team-a/checkout.production");
  unclaim();
  assert.equal(index.takenBy(eu, "another", everybody), undefined);
  index.claim([eu], owner, "team-a/checkout.production");
  runs.put(run());
  runs.remove(run());
  assert.equal(index.takenBy(eu, "another", everybody), undefined);
});
