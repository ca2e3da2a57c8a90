import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { membership } from "#fleet/membership.ts";
import { parseRegistration } from "#fleet/registration.ts";
import { argoSecret, servedSecret } from "./secrets.ts";

function join(...secrets: readonly unknown[]) {
  const { clusters, connected } = membership(secrets.map(parseRegistration));
  return {
    refusals: Object.fromEntries(clusters.map(({ secret, refusal }) => [secret, refusal])),
    connected: [...connected.keys()],
    clusters,
  };
}

test("clusters come by name, with the instance that holds their Applications", () => {
  const { clusters, connected } = join(servedSecret("spoke", "hub"), argoSecret("hub"), servedSecret("local", "in-cluster"));
  assert.deepEqual(
    clusters.map(({ name, instance, server, refusal }) => [name, instance, server, refusal]),
    [
      ["hub", "hub", "https://hub.example:6443", undefined],
      ["local", "in-cluster", undefined, undefined],
      ["spoke", "hub", undefined, undefined],
    ],
  );
  assert.deepEqual(connected, ["hub"]);
});

test("of two Secrets with one name neither is used, and each names the other", () => {
  const { refusals, connected } = join(argoSecret("eu"), { ...servedSecret("eu", "in-cluster") }, argoSecret("us"));
  assert.deepEqual(refusals, {
    "cluster-eu": 'the name is also given by Secret "eu": rename or remove all but one',
    eu: 'the name is also given by Secret "cluster-eu": rename or remove all but one',
    "cluster-us": undefined,
  });
  assert.deepEqual(connected, ["us"]);
});

test("a hub must be registered, usable, unique and a hub", () => {
  const { refusals } = join(
    servedSecret("a", "nowhere"),
    servedSecret("b", "spoke"),
    servedSecret("spoke", "hub"),
    argoSecret("hub"),
    servedSecret("c", "broken"),
    argoSecret("broken", { config: {} }),
    servedSecret("d", "twice"),
    argoSecret("twice"),
    servedSecret("twice", "hub"),
  );
  assert.equal(refusals["a"], 'conductor.dev/argocd names "nowhere", which is not registered: register it, or correct the annotation');
  assert.equal(refusals["b"], 'conductor.dev/argocd names "spoke", which has no Argo CD of its own: name "hub", which serves it');
  assert.match(refusals["c"] ?? "", /^conductor.dev\/argocd names "broken", which is refused itself: there is no credential in it/);
  assert.equal(refusals["d"], 'conductor.dev/argocd names "twice", which is registered more than once: leave one Secret of that name');
  assert.equal(refusals["spoke"], undefined);
});

test("a Secret whose name cannot be read takes nobody's name", () => {
  const { refusals } = join(argoSecret("EU"), servedSecret("cluster-EU", "in-cluster"), argoSecret("cluster-eu"));
  assert.match(refusals["cluster-EU"] ?? "", /^its name must be/);
  assert.equal(refusals["cluster-cluster-eu"], undefined);
});

test("the order in which Secrets are read does not matter", () => {
  const all = [argoSecret("a"), argoSecret("b"), servedSecret("b", "a"), servedSecret("c", "a"), servedSecret("d", "c"), argoSecret("E")];
  const expected = join(...all);
  fc.assert(fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => assert.deepEqual(join(...shuffled), expected)));
});
