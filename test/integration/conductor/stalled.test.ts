import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { application, registration, served } from "#test/scene/manifests.ts";
import { commit, conditionLines, four, OLD, Stage } from "#test/scene/stage.ts";

/** What cannot start says why and what to do, writes nowhere, and starts by itself once that is done. */

const EU = "eu-west-1";
const A = commit("a");
let stage: Stage;

before(async () => {
  stage = await Stage.start({ clusters: [EU] });
  await stage.environment("production", [EU]);
});
afterEach((t) => stage.keepIfFailed(t));
after(() => stage.stop());

/** Waits until the release is stalled for `reason`, with exactly this message, one condition True, and nothing written. */
async function saysWhy(name: string, reason: string, message: string): Promise<void> {
  const release = await stage.stalled(name, reason);
  assert.equal(release.status?.waitingOn?.message, message);
  assert.deepEqual(conditionLines(release), four(reason, release.metadata.generation, "Stalled"));
  assert.equal(release.status?.conditions?.[2]?.message, message);
  assert.deepEqual(await stage.touched(name.split(".")[0] ?? ""), []);
}

async function starts(name: string): Promise<void> {
  assert.equal((await stage.scene.finished({ name })).status?.phase, "Succeeded");
}

test("a missing Environment is named, and the release starts when it is created", async () => {
  const name = "early.tomorrow";
  await stage.deploy("early", [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(A, {}, name);
  await saysWhy(name, "EnvironmentNotFound", "there is no Environment tomorrow in namespace team-a: create it, or name another");
  await stage.environment("tomorrow", [EU]);
  await starts(name);
});

const refused = [
  ["Commit", "main", "write the 40 hex digits of one commit (git rev-parse main); a branch, a tag or HEAD would move"],
  ["Commit", "v1.4.2", "write the 40 hex digits of one commit (git rev-parse v1.4.2); a branch, a tag or HEAD would move"],
  ["Commit", "1234567", "it is a short hash; write all 40 hex digits (git rev-parse 1234567)"],
  ["Tag", A, "it is a commit; write a tag, or set revision: Commit on the Environment"],
  ["Tag", "main", "it looks like a branch, which would move; write a tag with a digit in it, such as v1.4.2"],
  ["ChartVersion", "1.4", "write one exact version such as 1.4.2; a range (1.4, 1.x, ^1.4) would move"],
  ["Digest", "1.4.2", "write sha256: and 64 hex digits"],
] as const;
const kinds = { Commit: "a commit", Tag: "a tag", ChartVersion: "a chart version", Digest: "a digest" };

for (const [index, [kind, revision, remedy]] of refused.entries()) {
  test(`revision ${revision.slice(0, 8)} is refused where the Environment takes revision: ${kind}`, async () => {
    const environment = kind.toLowerCase();
    await stage.environment(environment, [EU], { revision: kind });
    const name = `kind-${index}.${environment}`;
    await stage.scene.release(revision, {}, name);
    await saysWhy(
      name,
      "RevisionNotOfKind",
      `revision "${revision}" is not ${kinds[kind]}: ${remedy} (Environment ${environment} takes revision: ${kind})`,
    );
  });
}

test("a short hash with letters and a wildcard are refused by the API server already, in words", async () => {
  await assert.rejects(
    stage.scene.release("4af8de6", {}, "short.production"),
    /revision 4af8de6 is a short hash: write all 40 hex digits \(git rev-parse 4af8de6\)/,
  );
  await assert.rejects(stage.scene.release("1.*", {}, "wild.production"), /revision must be one fixed thing/);
});

test("a cluster that the Environment does not have is named", async () => {
  const name = "abroad.production";
  await stage.scene.release(A, { clusters: [EU, "mars-1"] }, name);
  await saysWhy(name, "ClusterUnknown", "mars-1: it is not among the clusters of Environment production: correct spec.clusters");
});

test("a cluster that the Environment names and nobody registered is named, and the release starts when it is registered", async () => {
  const name = "planned.future";
  await stage.environment("future", ["ap-south-1"]);
  await stage.deploy("planned", [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(A, {}, name);
  await saysWhy(
    name,
    "ClusterUnknown",
    "ap-south-1: Environment future names it, and no registration does: register it, or take it out of the Environment",
  );
  await stage.scene.register(stage.cluster(EU), { name: "ap-south-1" });
  await starts(name);
});

test("a registration that runs a plugin is refused with what to write instead, and the release starts when that is done", async () => {
  const name = "plugged.plugins";
  await stage.environment("plugins", ["plugin-1"]);
  await stage.deploy("plugged", [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  const secret = registration({ name: "plugin-1", url: stage.cluster(EU).url, ca: stage.cluster(EU).ca, token: "" });
  const config = JSON.stringify({ execProviderConfig: { command: "/bin/sh", args: ["-c", "touch /tmp/owned"] } });
  await stage.home.apply([{ ...secret, stringData: { name: "plugin-1", server: stage.cluster(EU).url, config } }]);
  await stage.scene.release(A, {}, name);
  await saysWhy(
    name,
    "ClusterRefused",
    "plugin-1: exec credential plugins are not run by the conductor yet: give a bearerToken or a client certificate",
  );
  await stage.scene.register(stage.cluster(EU), { name: "plugin-1" });
  await starts(name);
});

test("an Environment whose selectors match nothing covers no cluster, and the release starts when a cluster gets the label", async () => {
  const name = "labelled.selected";
  await stage.environment("selected", [], { clusters: [{ selector: { matchLabels: { region: "antarctica" } } }] });
  await stage.deploy("labelled", [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(A, {}, name);
  await saysWhy(name, "NoClusters", "Environment selected covers no cluster: no registration matches its selectors");
  await stage.scene.register(stage.cluster(EU), { name: "station-1", labels: { region: "antarctica" } });
  await starts(name);
});

test("an Application that does not exist is named, and the release starts when it is created", async () => {
  const name = "missing.production";
  await stage.scene.release(A, {}, name);
  await saysWhy(
    name,
    "Missing",
    `${EU}: Application argocd/missing does not exist on ${EU}: create it, or correct application.name and application.namespace of the Environment`,
  );
  await stage.deploy("missing", [EU]);
  await starts(name);
});

test("several sources and none chosen is refused with a list of them, without their passwords", async () => {
  const name = "many.production";
  const sources = [
    { repoURL: "https://robot:hunter2@git.example/a", path: "chart", targetRevision: OLD },
    { repoURL: "https://charts.example", chart: "many", targetRevision: "1.2.3" },
  ];
  const { spec, ...rest } = application({
    repoURL: "",
    name: "many",
    annotations: { "conductor.dev/authorized": `team-a/${name}` },
  }) as ReturnType<typeof application> & { spec: object };
  await stage.cluster(EU).apply([{ ...rest, spec: { ...spec, source: undefined, sources } }]);
  await stage.scene.release(A, {}, name);
  await saysWhy(
    name,
    "SourceNotFound",
    `${EU}: Application argocd/many: it has 2 sources: say which one in application.source of the Environment (repoURL https://git.example/a, path chart; repoURL https://charts.example, chart many)`,
  );
});

test("two targets that resolve to one Application are refused, and names by cluster are the remedy", async () => {
  const name = "shared.asia";
  await stage.home.apply([served("tokyo-1", EU), served("osaka-1", EU)]);
  await stage.environment("asia", ["tokyo-1", "osaka-1"]);
  for (const cluster of ["tokyo-1", "osaka-1"]) {
    const annotations = { "conductor.dev/authorized": `team-a/${name}` };
    await stage
      .cluster(EU)
      .apply([application({ repoURL: "https://git.example/deploy", name: `shared-${cluster}`, revision: OLD, annotations })]);
  }
  await stage.deploy("shared", [EU], { annotations: { "conductor.dev/authorized": `team-a/${name}` } });
  await stage.scene.release(A, {}, name);
  await saysWhy(
    name,
    "DuplicateApplication",
    `osaka-1: osaka-1 and tokyo-1 resolve to one Application, argocd/shared on ${EU}: put {{cluster}} into application.name of the Environment`,
  );
  await stage.environment("asia", ["tokyo-1", "osaka-1"], {
    application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" },
  });
  await starts(name);
  assert.equal((await stage.app(EU, "shared")).spec.source?.targetRevision, OLD);
});

test("an Application that another ServiceRelease steers is refused, and free when that one is deleted", async () => {
  const [first, second] = ["taken.production", "taken.staging"];
  await stage.environment("staging", [EU]);
  await stage.deploy("taken", [EU], { annotations: { "conductor.dev/authorized": `team-a/${first},team-a/${second}` } });
  await stage.scene.release(A, {}, first);
  await starts(first);
  const before = await stage.touched("taken");
  await stage.scene.release(commit("b"), {}, second);
  const { status } = await stage.stalled(second, "ApplicationTaken");
  assert.equal(
    status?.waitingOn?.message,
    `${EU}: Application argocd/taken is steered by ServiceRelease team-a/${first} already: one Application has one release`,
  );
  assert.deepEqual(await stage.touched("taken"), before);
  await stage.home.delete(`/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/${first}`);
  await starts(second);
});
