import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import { atLeast } from "#kube/resourceversion.ts";

const applications = { group: "argoproj.io", version: "v1alpha1", plural: "applications" };
const secrets = { group: "", version: "v1", plural: "secrets" };

test("paths of collections and objects", () => {
  assert.equal(collection(applications), "/apis/argoproj.io/v1alpha1/applications");
  assert.equal(collection(secrets, "conductor"), "/api/v1/namespaces/conductor/secrets");
  assert.equal(
    object(applications, "argocd", "checkout.production"),
    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout.production",
  );
  assert.equal(object(applications, undefined, "x", "status"), "/apis/argoproj.io/v1alpha1/applications/x/status");
});

test("a name cannot lead to another path", () => {
  assert.equal(object(secrets, "a", "../b?c#d%2e"), "/api/v1/namespaces/a/secrets/..%2Fb%3Fc%23d%252e");
  for (const name of ["", ".", ".."])
    assert.throws(
      () => object(secrets, "a", name),
      (error) => failed(error, "Invalid"),
    );
});

test("resourceVersions compare as integers of any size, and otherwise only as equal", () => {
  const cases = [
    ["10", "9", true],
    ["9", "10", false],
    ["10", "10", true],
    ["18446744073709551616", "18446744073709551615", true],
    ["18446744073709551615", "18446744073709551616", false],
    ["abc", "abc", true],
    ["abc", "1", false],
    ["010", "9", false],
    ["", "1", false],
  ] as const;
  for (const [seen, wanted, expected] of cases) assert.equal(atLeast(seen, wanted), expected, `${seen} against ${wanted}`);
});
