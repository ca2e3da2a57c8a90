import assert from "node:assert/strict";
import { test } from "node:test";
import { isOlder, versionOf } from "#argo/version.ts";

const digest = `sha256:${"a".repeat(64)}`;

function controller(image: string, label?: string, more: readonly object[] = []): object {
  const name = "argocd-application-controller";
  const labels = label === undefined ? {} : { labels: { "app.kubernetes.io/version": label } };
  return { metadata: { name, ...labels }, spec: { template: { spec: { containers: [...more, { name, image }] } } } };
}

const versions: readonly (readonly [what: string, workload: unknown, version: string | undefined])[] = [
  ["the tag of its image", controller("quay.io/argoproj/argocd:v3.1.4"), "v3.1.4"],
  ["the tag and not the digest after it", controller(`quay.io/argoproj/argocd:v3.1.4@${digest}`), "v3.1.4"],
  ["the tag and not the port of the registry", controller("registry.example:5000/argocd:v2.14.20"), "v2.14.20"],
  ["a pre-release", controller("quay.io/argoproj/argocd:v3.6.0-rc1"), "v3.6.0-rc1"],
  ["the tag of a rebuild", controller("registry.example/argocd:3.2.1-fips.2"), "v3.2.1-fips.2"],
  ["what runs, and not what the label says", controller("quay.io/argoproj/argocd:v3.1.4", "v3.0.0"), "v3.1.4"],
  ["the label, where the image is given by digest", controller(`quay.io/argoproj/argocd@${digest}`, "v3.0.0"), "v3.0.0"],
  ["the label, where the tag is no version", controller("registry.example:5000/argocd:latest", "2.13.1"), "v2.13.1"],
  ["its own container's", controller("argocd:v3.1.4", undefined, [{ name: "proxy", image: "envoy:v1.30.0" }]), "v3.1.4"],
  ["nothing, where nobody says", controller("registry.example:5000/argocd"), undefined],
  ["nothing of a version that is none", controller("argocd:v3.1", "stable"), undefined],
  ["nothing of a version that is a whole text", controller("argocd:latest", `1.2.3-${"x".repeat(80)}`), undefined],
  ["nothing of what is no workload", { metadata: { name: "argocd-server" } }, undefined],
  ["nothing of nothing", undefined, undefined],
];
for (const [what, workload, version] of versions)
  test(`the version of an Argo CD is ${what}`, () => assert.equal(versionOf(workload), version));

test("a version is older than a line of releases by its first two numbers, and a pre-release belongs to its line", () => {
  const lines = ["v2.14.20", "v3.0.9", "v3.1.0-rc1", "v3.1.4", "v3.10.0", "v4.0.0"].map((version) => isOlder(version, [3, 1]));
  assert.deepEqual(lines, [true, true, false, false, false, false]);
});
