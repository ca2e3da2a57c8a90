import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stringify } from "yaml";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { GROUP, API_VERSION } from "#api/rules.ts";
import { RESOURCES } from "#tools/generate/outputs.ts";
import { COMMIT, environment, release, run, type Manifest } from "./crds/manifests.ts";

const root = join(import.meta.dirname, "..", "..");
const example = (name: string): string => readFileSync(join(root, "examples", name), "utf8");

let plane: Plane;
let cluster: Cluster;

/** kubectl apply, as people do it: client-side, with strict validation of fields. */
const apply = (manifest: Manifest | string): Promise<string> =>
  cluster.kubectl(["apply", "-f", "-"], typeof manifest === "string" ? manifest : stringify(manifest));

async function refusal(manifest: Manifest): Promise<string> {
  try {
    return `accepted: ${await apply(manifest)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Applies `manifest` and finds `message` in what comes back, word for word. */
async function refuses(manifest: Manifest, message: string): Promise<void> {
  const said = await refusal(manifest);
  assert.ok(said.includes(message), `expected: ${message}\nbut kubectl said: ${said}`);
}

before(async () => {
  plane = await Plane.start();
  cluster = await plane.cluster("management");
  for (const { plural } of RESOURCES) await cluster.apply(readFileSync(join(root, `crds/${GROUP}_${plural}.yaml`), "utf8"));
  const names = RESOURCES.map(({ plural }) => `crd/${plural}.${GROUP}`);
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", ...names]);
  await cluster.apply([environment({}), release({})]); // waits until the kinds are served
  await cluster.kubectl(["delete", "environments,servicereleases", "--all"]);
});
after(async () => plane.stop());

suite("a ServiceRelease is refused with a sentence that says what to change", () => {
  const label = (what: string): string =>
    `${what} must be a DNS label: at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit`;
  const fixed = "revision must be one fixed thing: a commit of 40 hex digits, a tag, an exact chart version or a digest (sha256:…)";
  const cases: readonly (readonly [what: string, manifest: Manifest, message: string])[] = [
    [
      "a name that is not <service>.<environment>",
      release({}, "checkout"),
      "metadata.name must be <service>.<environment>, here checkout.production, so that there is one ServiceRelease for each",
    ],
    ["a short hash", release({ revision: "4af8de6" }), "revision 4af8de6 is a short hash: write all 40 hex digits (git rev-parse 4af8de6)"],
    [
      "HEAD",
      release({ revision: "HEAD" }),
      "revision HEAD would move: write a commit of 40 hex digits, a tag, a chart version or a digest",
    ],
    ["a range with ^", release({ revision: "^1.2" }), fixed],
    ["a range with *", release({ revision: "1.2.*" }), fixed],
    ["a range with two ends", release({ revision: ">=1.2 <2" }), fixed],
    ["a revision with a space", release({ revision: "v1 v2" }), fixed],
    ["a service that is no DNS label", release({ service: "Check_out" }, "check-out.production"), label("service")],
    ["an environment that is no DNS label", release({ environment: "prod.eu" }, "checkout.prod.eu"), label("environment")],
    ["a cluster that is no DNS label", release({ clusters: ["EU"] }), label("clusters")],
    ["the same cluster twice", release({ clusters: ["eu", "eu"] }), 'Duplicate value: "eu"'],
    ["an empty list of clusters", release({ clusters: [] }), "should have at least 1 items"],
    ["too many clusters", release({ clusters: Array.from({ length: 2001 }, (_, index) => `c${index}`) }), "must have at most 2000 items"],
    ["a field that does not exist", release({ strategie: {} }), 'unknown field "spec.strategie"'],
    ["no revision", release({ revision: undefined }), "spec.revision: Required value"],
  ];
  for (const [what, manifest, message] of cases) test(what, () => refuses(manifest, message));

  for (const revision of [COMMIT, "v1.4.2", "1.4.2-rc.1+build.7", "release/2026-11-23", "20261123", `sha256:${"a".repeat(64)}`]) {
    test(`and the revision ${revision} is accepted`, async () =>
      assert.doesNotMatch(await refusal(release({ revision })), /denied|invalid|Error/i));
  }
});

suite("a ServiceRelease keeps what it is about", () => {
  before(async () => void (await apply(release({}))));
  test("its service", () => refuses(release({ service: "cart" }), "service is immutable: delete this ServiceRelease and create another"));
  test("its environment", () =>
    refuses(release({ environment: "staging" }), "environment is immutable: delete this ServiceRelease and create another"));
  test("and takes another revision", async () => assert.match(await apply(release({ revision: "v2" })), /configured/));
});

suite("an Environment is refused with a sentence that says what to change", () => {
  const variables = "{{service}}, {{environment}}, {{cluster}}, {{namespace}}";
  const inName = `may use the variables ${variables} and no others; {{revision}} belongs in values, never in names or paths`;
  const application = (fields: object): Manifest => environment({ application: { targetRevision: "{{revision}}", ...fields } });
  const source = (fields: object): Manifest => application({ source: fields });
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);
  const cases: readonly (readonly [what: string, manifest: Manifest, message: string])[] = [
    [
      "a name with a dot",
      environment({}, "prod.eu"),
      "metadata.name must be a DNS label: a ServiceRelease names it in <service>.<environment>",
    ],
    [
      "an unknown variable",
      application({ targetRevision: "{{version}}" }),
      `application.targetRevision may use the variables ${variables}, {{revision}} and no others`,
    ],
    ["the revision in the Application's name", application({ name: "{{service}}-{{revision}}" }), `application.name ${inName}`],
    ["the revision in the Application's namespace", application({ namespace: "{{revision}}" }), `application.namespace ${inName}`],
    ["the revision in a values file's path", application({ helm: { valueFiles: ["{{revision}}.yaml"] } }), `helm.valueFiles ${inName}`],
    [
      "the revision in a parameter's name",
      application({ helm: { parameters: { "tag-{{revision}}": "x" } } }),
      "helm.parameters: {{revision}} and other variables belong in values, never in names or paths",
    ],
    [
      "an unknown variable in a parameter",
      application({ helm: { parameters: { tag: "{{tag}}" } } }),
      "helm.parameters may use the variables",
    ],
    [
      "the revision in a variable's name",
      application({ plugin: { env: { "{{revision}}": "x" } } }),
      "plugin.env names must be of letters, digits and '_'",
    ],
    ["an unknown variable in an image", application({ kustomize: { images: ["a={{image}}"] } }), "kustomize.images may use the variables"],
    [
      "a cluster by name and selector",
      environment({ clusters: [{ name: "eu", selector: { matchLabels: {} } }] }),
      "an entry of clusters takes exactly one of name and selector",
    ],
    [
      "an unknown variable in a message",
      environment({ notifications: [{ receiver: "slack", templates: { Started: "{{cluster}}" } }] }),
      "notifications[].templates.Started may use the variables {{service}}, {{environment}}, {{namespace}}, {{revision}}, {{commit}}, {{run}}",
    ],
    [
      "a repository that depends on the revision",
      environment({ notifications: [{ receiver: "github", repository: "acme/{{revision}}" }] }),
      "notifications[].repository must be like acme/checkout; it may use the variables {{service}}, {{environment}}, {{namespace}} and no others",
    ],
    [
      "a URL in place of a receiver",
      environment({ notifications: [{ receiver: "https://evil.example" }] }),
      "notifications[].receiver must be the name of a Secret",
    ],
    [
      "the same receiver twice",
      environment({ notifications: [{ receiver: "slack" }, { receiver: "slack" }] }),
      'Duplicate value: {"receiver":"slack"}',
    ],
    ["a cluster by neither", environment({ clusters: [{}] }), "an entry of clusters takes exactly one of name and selector"],
    [
      "a source by name and repoURL",
      source({ name: "a", repoURL: "https://b" }),
      "source takes exactly one of name and repoURL (with path or chart)",
    ],
    ["a source by neither", source({ path: "a" }), "source takes exactly one of name and repoURL (with path or chart)"],
    ["a source by name and path", source({ name: "a", path: "b" }), "source.name stands alone: path and chart go with repoURL"],
    ["a source by path and chart", source({ repoURL: "https://b", path: "a", chart: "c" }), "source takes path or chart, not both"],
    ["an empty path", source({ repoURL: "https://b", path: "" }), "source.path must not be empty"],
    [
      "an application that names nothing to write",
      environment({ application: { name: "{{service}}" } }),
      "application must name what a release writes: targetRevision, helm, kustomize or plugin",
    ],
    [
      "a duration in days",
      environment({ strategy: { progressDeadline: "1d" } }),
      "strategy.progressDeadline must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m",
    ],
    ["a duration of nothing", environment({ strategy: { progressDeadline: "0s" } }), "strategy.progressDeadline must be a duration"],
    ["an unknown kind of revision", environment({ revision: "Branch" }), 'supported values: "Commit", "Tag", "ChartVersion", "Digest"'],
    ["no clusters", environment({ clusters: [] }), "should have at least 1 items"],
    ["too many clusters", environment({ clusters: many(2001).map((name) => ({ name })) }), "must have at most 2000 items"],
    ["too many values files", application({ helm: { valueFiles: many(33) } }), "must have at most 32 items"],
    ["too many images", application({ kustomize: { images: many(33) } }), "must have at most 32 items"],
    [
      "too many parameters",
      application({ helm: { parameters: Object.fromEntries(many(65).map((name) => [name, "x"])) } }),
      "must have at most 64 items",
    ],
    ["a long path", application({ helm: { valueFiles: ["x".repeat(513)] } }), "may not be more than 512 bytes"],
    [
      "a concurrency that could never finish",
      environment({ strategy: { maxConcurrency: 0 } }),
      'maxConcurrency must be a whole number of at least 1, or a percentage from "1%" to "100%"; 0 could never finish',
    ],
    ["a part above the whole", environment({ strategy: { maxFailures: "101%" } }), "maxFailures must be a whole number of at least 0"],
    ["a part that is no number", environment({ strategy: { maxUnreachable: "some" } }), "maxUnreachable must be a whole number"],
    ["a soak in days", environment({ strategy: { minSuccessTime: "1d" } }), "strategy.minSuccessTime must be a duration"],
    [
      "a wave after one that takes all",
      environment({ strategy: { waves: [{ name: "all" }, { name: "rest", clusters: { count: 1 } }] } }),
      "only the last wave may leave out clusters",
    ],
    [
      "a wave of two kinds",
      environment({ strategy: { waves: [{ name: "a", clusters: { count: 1, names: ["eu"] } }, { name: "rest" }] } }),
      "clusters of a wave takes exactly one of names, selector and count",
    ],
    ["a field that does not exist", environment({ canary: true }), 'unknown field "spec.canary"'],
    ["a nested field that does not exist", application({ helm: { valuesFile: "x" } }), 'unknown field "spec.application.helm.valuesFile"'],
  ];
  for (const [what, manifest, message] of cases) test(what, () => refuses(manifest, message));
});

test("an Environment's defaults are filled in, in objects that were left out too", async () => {
  await apply(environment({ application: { targetRevision: "{{revision}}" } }, "defaults"));
  const read = await cluster.get<{ spec: unknown }>(`/apis/${API_VERSION}/namespaces/default/environments/defaults`);
  assert.deepEqual(read.spec, {
    clusters: [{ name: "eu-west-1" }],
    revision: "Commit",
    application: { name: "{{service}}", namespace: "argocd", targetRevision: "{{revision}}" },
    strategy: {
      waves: [{ name: "first", clusters: { count: 1 } }, { name: "rest" }],
      maxConcurrency: "25%",
      minSuccessTime: "1m",
      progressDeadline: "15m",
      maxFailures: 0,
      onFailure: "RollBack",
      rollbackScope: "Run",
      maxUnreachable: "10%",
      supersede: "Queue",
      rollbackWindow: { revisions: 3, age: "168h" },
      overridable: [],
    },
  });
});

suite("a ReleaseRun", () => {
  const path = `/apis/${API_VERSION}/namespaces/default/releaseruns`;
  const immutable = "a plan is immutable: change the ServiceRelease, and the conductor makes another run";
  const values = [
    { targetRevision: COMMIT, "helm.parameters[tag]": null, "helm.parameters[b]": { value: "1", forceString: true } },
    { "helm.valueFiles": ["a"] },
  ];
  type Read = Manifest & { spec: { values: object[]; targets: object[] }; status?: { targets: { contact: unknown }[] } };
  const read = (): Promise<Read> => cluster.get<Read>(`${path}/checkout.production-1`);
  before(() => cluster.create(path, run(values)));

  test("gives back its values as written, an absent one as null", async () => assert.deepEqual((await read()).spec.values, values));

  const changes: readonly (readonly [what: string, change: (spec: Read["spec"]) => object])[] = [
    ["another revision", () => ({ revision: "v2" })],
    ["another value", ({ values: [first, ...rest] }) => ({ values: [{ ...first, targetRevision: "v2" }, ...rest] })],
    ["one more field", ({ values: [first, ...rest] }) => ({ values: [{ ...first, more: "x" }, ...rest] })],
    [
      "a null less",
      ({ values: [, ...rest] }) => ({
        values: [{ targetRevision: COMMIT, "helm.parameters[b]": { value: "1", forceString: true } }, ...rest],
      }),
    ],
    ["values in another order", ({ values: all }) => ({ values: all.toReversed() })],
    ["another wave", ({ targets: [first, ...rest] }) => ({ targets: [{ ...first, wave: 2 }, ...rest] })],
    ["a target less", ({ targets }) => ({ targets: targets.slice(1) })],
    ["one more optional field", () => ({ source: { name: "a" } })],
  ];
  for (const [what, change] of changes) {
    test(`refuses ${what}`, async () => {
      const old = await read();
      await assert.rejects(
        cluster.replace(`${path}/checkout.production-1`, { ...old, spec: { ...old.spec, ...change(old.spec) } }),
        (error: Error) => error.message.includes(immutable),
      );
    });
  }

  test("takes an annotation and a status, and keeps a null in the status", async () => {
    await cluster.kubectl(["annotate", "releaseruns", "checkout.production-1", "a=b"]);
    const contact = { live: { targetRevision: null, "helm.valueFiles": ["a"] } };
    const target = { cluster: "c0", phase: "Pending", reason: "Planned", message: "", since: "2026-11-23T00:00:00Z", contact };
    await cluster.replace(`${path}/checkout.production-1/status`, {
      ...(await read()),
      status: { phase: "Progressing", targets: [target] },
    });
    assert.deepEqual((await read()).status?.targets[0]?.contact, contact);
  });
});

test("a plan of 2000 targets, each with values of its own, fits and can be reported on", async () => {
  const path = `/apis/${API_VERSION}/namespaces/default/releaseruns`;
  const all = Array.from({ length: 2000 }, (_, index) => ({ targetRevision: `${COMMIT}-${index}` }));
  await cluster.create(path, run(all, 2000, "large.production-1"));
  await cluster.patch(`${path}/large.production-1/status`, { status: { phase: "Progressing" } });
  await cluster.delete(`${path}/large.production-1`);
});

suite("kubectl shows", () => {
  before(async () => {
    await cluster.apply([environment({}), release({}), run([{}], 1, "shown.production-1")]);
  });
  const header = async (...args: readonly string[]): Promise<string[]> =>
    ((await cluster.kubectl(["get", ...args])).split("\n")[0] ?? "").split(/\s+/).filter(Boolean);

  const columns = ["NAME", "SERVICE", "REVISION", "ENVIRONMENT", "PHASE", "WAVE", "READY", "FAILED", "WAITING-ON", "AGE"];
  test("the columns of ServiceReleases", async () => assert.deepEqual(await header("servicereleases"), columns));
  test("a sentence beside them with -o wide", async () =>
    assert.deepEqual(await header("sr", "-o", "wide"), [...columns.slice(0, -1), "MESSAGE", "AGE"]));
  test("the columns of Environments", async () =>
    assert.deepEqual(await header("cenv"), ["NAME", "CLUSTERS", "UNREACHABLE", "READY", "AGE"]));
  test("the columns of ReleaseRuns", async () =>
    assert.deepEqual(await header("rrun"), ["NAME", "SERVICE", "REVISION", "KIND", "PHASE", "READY", "FAILED", "AGE"]));
  test("all of our kinds in one category", async () => {
    const shown = await cluster.kubectl(["get", "conductor", "-o", "name"]);
    for (const name of [
      "servicerelease.conductor.dev/checkout.production",
      "environment.conductor.dev/production",
      "releaserun.conductor.dev/shown.production-1",
    ]) {
      assert.ok(shown.includes(name), shown);
    }
  });
  test("descriptions with kubectl explain", async () =>
    assert.match(await cluster.kubectl(["explain", "sr.spec.clusters"]), /Narrows the environment's clusters to these/));
});

for (const name of ["environment.yaml", "servicerelease.yaml"]) {
  test(`examples/${name} is accepted as it is`, async () => assert.match(await apply(example(name)), /created|configured|unchanged/));
}
