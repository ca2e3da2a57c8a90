import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { Diagnosis } from "#cli/doctor/diagnosis.ts";
import type { Connected, Terminal } from "#cli/terminal.ts";
import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest } from "#kube/ports.ts";
import { Connection, NEAR } from "#simulation/connection.ts";
import { pathOf, TEAM, type Scenario } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn, type Said } from "./terminal.ts";

const RELEASE = "checkout.production";
const CRDS = join(import.meta.dirname, "..", "..", "..", "crds");

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: object } }];
  };
}

const crds: readonly Crd[] = readdirSync(CRDS).map((file) => parse(readFileSync(join(CRDS, file), "utf8")));

/** What an API server publishes of these definitions. */
function published(definitions: readonly Crd[]) {
  const resources = definitions.flatMap(({ spec: { names } }) => [{ name: names.plural }, { name: `${names.plural}/status` }]);
  const schemas = definitions.map(({ spec: { names, versions } }) => {
    const gvk = [{ group: "conductor.dev", version: "v1alpha1", kind: names.kind }];
    return [`dev.conductor.v1alpha1.${names.kind}`, { ...versions[0].schema.openAPIV3Schema, "x-kubernetes-group-version-kind": gvk }];
  });
  return { resources, openapi: { components: { schemas: Object.fromEntries(schemas) } } };
}

type Answer = object | KubeFailure | undefined;

/** The management cluster of a simulation, with what it does not have, and with other answers where a test gives them. */
function around(simulation: Simulation, answers: (request: KubeRequest) => Answer, definitions = crds): Terminal["connect"] {
  const { clock, home } = simulation;
  const real = new Connection({ server: home, who: "ci", clock, latency: { ...NEAR }, random: () => 0.5 });
  const { resources, openapi } = published(definitions);
  return ({ namespace = TEAM }): Promise<Connected> =>
    Promise.resolve({
      namespace,
      server: "management:6443",
      transport: {
        watch: (request, signal) => real.watch(request, signal),
        request: async (request, signal) => {
          const own = answers(request);
          if (own instanceof KubeFailure) throw own;
          if (own !== undefined) return { status: 200, body: own };
          if (request.path === "/apis/conductor.dev/v1alpha1") return { status: 200, body: { resources } };
          if (request.path === "/openapi/v3/apis/conductor.dev/v1alpha1") return { status: 200, body: openapi };
          return real.request(request, signal);
        },
      },
    });
}

interface Told {
  readonly scenario?: Partial<Scenario>;
  readonly answers?: (request: KubeRequest) => Answer;
  readonly definitions?: readonly Crd[];
  readonly before?: (simulation: Simulation) => void;
  /** When all of it has settled. */
  readonly after?: (simulation: Simulation) => void;
}

/** A release to two clusters has ended; then somebody asks the doctor. */
async function doctor(
  args: readonly string[],
  { scenario, answers = () => undefined, definitions, before, after }: Told = {},
): Promise<Said> {
  const simulation = new Simulation({ seed: "doctor", clusters: [{ name: "eu-west-1" }, { name: "us-east-1" }], ...scenario });
  for (const name of ["eu-west-1", "us-east-1"]) argocd(simulation, name, "v3.1.4");
  before?.(simulation);
  simulation.wishes.apply(RELEASE, "1".repeat(40));
  await simulation.settle(300_000);
  after?.(simulation);
  return conductorIn(simulation, ["doctor", ...args], { connect: around(simulation, answers, definitions) });
}

function argocd(simulation: Simulation, cluster: string, version: string): void {
  const name = "argocd-application-controller";
  const spec = { template: { spec: { containers: [{ name, image: `quay.io/argoproj/argocd:${version}` }] } } };
  const body = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name, namespace: "argocd" }, spec };
  const path = pathOf("apps/v1/statefulsets", "argocd");
  const server = simulation.server(cluster);
  if (server.find(`${path}/${name}`) !== undefined) server.handle({ method: "DELETE", path: `${path}/${name}` }, "person");
  server.handle({ method: "POST", path, body }, "person");
}

/** The lines about one thing. */
const about = (subject: string, { out }: Said): string =>
  out
    .split("\n")
    .filter((line) => line.slice(6).startsWith(subject))
    .join("\n");

/** `UPDATE=1` writes what is said now: read it before you commit it. */
function golden(name: string, out: string, type = "txt"): void {
  const file = join(import.meta.dirname, "golden", `${name}.${type}`);
  if (process.env["UPDATE"] === "1") writeFileSync(file, out);
  assert.equal(out, readFileSync(file, "utf8"));
}

test("where all is well each thing is a line that says so, and the exit code is 0", async () => {
  const { code, out, err } = await doctor([]);
  assert.deepEqual([code, err], [0, ""]);
  golden("doctor-well", out);
});

const DAY = 24 * 3_600_000;

/** As an API server issues it; nobody has signed it. */
function token(end: number): string {
  return ["{}", JSON.stringify({ exp: end / 1000 }), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}

test("what is wrong with clusters, credentials, Argo CDs and releases is a line each, with what to do, and the exit code is 1", async () => {
  const said = await doctor([], {
    scenario: {
      clusters: [{ name: "eu-west-1" }, { name: "us-east-1" }, { name: "ap-south-1" }],
      environments: [{ name: "production" }, { name: "staging", spec: { clusters: [{ name: "nowhere-1" }] } }],
    },
    before: (simulation) => {
      argocd(simulation, "us-east-1", "v2.14.1");
      simulation.register({ name: "us-east-1" }, token(simulation.clock.now() + 3 * DAY));
      simulation.faults.outage("ap-south-1", { kind: "Down", how: "refused" }, 60_000, Infinity);
    },
    after: (simulation) => {
      const path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout";
      simulation
        .server("eu-west-1")
        .modify("person", path, (app) => ({ ...app, metadata: { ...Object(app["metadata"]), annotations: {} } }));
    },
  });
  assert.equal(said.code, 1);
  golden("doctor-clusters", said.out);
});

test("without CRDs that is what fails, and what cannot be known then is said to be so", async () => {
  const { code, out } = await doctor([], {
    definitions: [],
    answers: ({ path }) =>
      path.startsWith("/apis/conductor.dev/") ? new KubeFailure("NotFound", "the API server answered 404: 404 page not found") : undefined,
  });
  assert.equal(code, 1);
  golden("doctor-without-crds", out);
});

test("a conductor that is gone is noticed within ten seconds", async () => {
  const said = await doctor([], { after: (simulation) => simulation.crash() });
  assert.equal(said.code, 1);
  assert.equal(
    about("conductor", said),
    "FAIL  conductor    it has not answered a ReleasePreview within 10 s; to do: see that it runs in the management cluster, and read its log; /readyz on its port says what it waits for",
  );
  assert.equal(
    about("releases", said),
    "warn  releases     whether they could start is not known: the conductor was not heard; to do: see the line about the conductor",
  );
});

const askingIsForbidden = ({ method, path }: KubeRequest): Answer =>
  method === "POST" && path.includes("releasepreviews") ? new KubeFailure("Forbidden", "forbidden") : undefined;

test("a wish that nobody has looked at is noticed where the conductor may not be asked", async () => {
  const said = await doctor([], {
    answers: askingIsForbidden,
    after: (simulation) => {
      simulation.crash();
      simulation.wishes.apply(RELEASE, "2".repeat(40));
    },
  });
  assert.equal(said.code, 1);
  assert.equal(
    about("conductor", said),
    "FAIL  conductor    it has not looked at the newest ServiceRelease checkout.production; to do: see that it runs in the management cluster, and read its log; /readyz on its port says what it waits for",
  );
});

test("who may hardly anything is told what is missing for what, and what could not be looked at", async () => {
  const { code, out } = await doctor([], {
    answers: (request) => {
      const { path, body } = request;
      if (path.includes("selfsubjectaccessreviews")) {
        const text = JSON.stringify(body);
        return { status: { allowed: text.includes("servicereleases") && !/"(create|patch)"/.test(text) } };
      }
      const isHidden = path.includes("environments") || path.includes("admissionregistration") || path.startsWith("/openapi");
      return isHidden ? new KubeFailure("Forbidden", "forbidden") : askingIsForbidden(request);
    },
  });
  assert.equal(code, 0);
  golden("doctor-few-rights", out);
});

/** The definitions with another Environment. */
function changed(change: (text: string) => string): readonly Crd[] {
  return crds.map((one) => (one.spec.names.kind === "Environment" ? JSON.parse(change(JSON.stringify(one))) : one));
}

test("definitions that are older than the command fail, newer ones warn, each with what is not known", async () => {
  const older = changed((text) => text.replace('"argocdVersion":', '"argocd":').replace('"RolloutStatus"', '"Rollout"'));
  const behind = await doctor([], { definitions: older });
  assert.deepEqual(
    [behind.code, about("crds", behind)],
    [
      1,
      "FAIL  crds         Environment: what is installed is older than this command: it does not know status.instances[].argocdVersion, status.instances[].missingRights[]=RolloutStatus; to do: kubectl apply -f crds/ of this version",
    ],
  );
  const newer = changed((text) => text.replace('"argocdVersion":', '"fluxVersion":{"type":"string"},"argocdVersion":'));
  const ahead = await doctor([], { definitions: newer });
  assert.deepEqual(
    [ahead.code, about("crds", ahead)],
    [
      0,
      "warn  crds         Environment: what is installed is newer than this command, which does not know status.instances[].fluxVersion; to do: update this command",
    ],
  );
});

test("without the admission policies a release that waits for people cannot be trusted; where none does that is a warning", async () => {
  const none = await doctor([], { scenario: { policies: false } });
  assert.deepEqual(
    [none.code, about("policies", none)],
    [
      0,
      "warn  policies     validatingadmissionpolicies/release-conductor-approvals does not exist, so that anybody could approve: install the chart release-conductor of this version with approvals.enabled=true",
    ],
  );
  const waves = [{ name: "all", gates: [{ approval: { count: 1, groups: ["approvers"] } }] }];
  const asks = await doctor([], { scenario: { policies: false, environments: [{ name: "production", spec: { strategy: { waves } } }] } });
  assert.deepEqual(
    [asks.code, about("policies", asks)],
    [
      1,
      "FAIL  policies     production: validatingadmissionpolicies/release-conductor-approvals does not exist, so that anybody could approve: install the chart release-conductor of this version with approvals.enabled=true",
    ],
  );
});

const servers: readonly (readonly [gitVersion: string, code: number, line: string])[] = [
  [
    "v1.29.3",
    1,
    "FAIL  server       management:6443 is Kubernetes v1.29.3, which has no ValidatingAdmissionPolicy: approvals cannot be guarded; to do: use Kubernetes 1.30 or newer",
  ],
  [
    "v1.35.0",
    0,
    "warn  server       management:6443 is Kubernetes v1.35.0, which does not note who releases; to do: use 1.36 or newer; before, gates must name who approves, or people write conductor.dev/author (docs/gates.md)",
  ],
  ["v1.36.2+k3s1", 0, "ok    server       management:6443 is Kubernetes v1.36.2+k3s1"],
];
for (const [gitVersion, code, line] of servers)
  test(`an API server of ${gitVersion}`, async () => {
    const said = await doctor([], { answers: ({ path }) => (path === "/version" ? { gitVersion } : undefined) });
    assert.deepEqual([said.code, about("server", said)], [code, line]);
  });

test("one release is looked at when it is named, and one that is not there is wrong use", async () => {
  const two = (simulation: Simulation): void => simulation.wishes.apply("basket.production", "1".repeat(40));
  const all = await doctor([], { before: two });
  assert.equal(all.code, 1);
  assert.equal(
    about("releases", all),
    `FAIL  releases     basket.production, eu-west-1: Missing: Application argocd/basket does not exist on eu-west-1: create it, or correct application.name and application.namespace of the Environment
FAIL  releases     basket.production, us-east-1: Missing: Application argocd/basket does not exist on us-east-1: create it, or correct application.name and application.namespace of the Environment
ok    releases     checkout.production: the next revision could start, on 2 clusters: every owner consents, and none is seen that would undo it`,
  );
  const named = await doctor([RELEASE], { before: two });
  assert.deepEqual(
    [named.code, about("releases", named)],
    [
      0,
      "ok    releases     checkout.production: the next revision could start, on 2 clusters: every owner consents, and none is seen that would undo it",
    ],
  );
  const { code, out, err } = await doctor(["bskt.production"]);
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(
    err,
    "there is no ServiceRelease bskt.production in namespace team-a: conductor status lists what there is, -n chooses another namespace\n",
  );
  assert.equal((await conductor("doctor", RELEASE, "-A")).err, "a release is of one namespace: name it with -n, and leave out -A\n");
});

test("who may read one release by its name, and not list them, is told of it", async () => {
  const answers = ({ path }: KubeRequest): Answer =>
    path.endsWith("/servicereleases") ? new KubeFailure("Forbidden", "forbidden") : undefined;
  const said = await doctor([RELEASE], { answers });
  assert.match(about("releases", said), /^ok {4}releases {5}checkout\.production: the next revision could start/);
});

/** Nothing but the conductor. */
async function bare(more: Partial<Terminal> = {}, ...args: readonly string[]): Promise<Said> {
  const simulation = new Simulation({ seed: "doctor", clusters: [], environments: [] });
  await simulation.settle(10_000);
  return conductorIn(simulation, ["doctor", ...args], { connect: around(simulation, () => undefined), ...more });
}

test("where there is nothing to release yet, the conductor is asked all the same", async () => {
  const said = await bare();
  assert.deepEqual([said.code, about("conductor", said)], [0, "ok    conductor    it answers, in 0.5 s"]);
  assert.equal(
    about("clusters", said),
    "warn  clusters     there is no Environment in namespace team-a; to do: make one (examples/environment.yaml), or choose another namespace with -n or -A",
  );
  assert.equal(about("releases", said), "ok    releases     there are none yet");
});

test("the document holds the checks, and the worst of them", async () => {
  const { code, out } = await doctor(["-o", "json"], { after: (simulation) => simulation.crash() });
  const document: Diagnosis = JSON.parse(out);
  assert.deepEqual([code, document.version, document.result], [1, 1, "fail"]);
  golden("doctor-gone", out, "json");
});

test("on a terminal each line has a sign, and what to do stands below", async () => {
  const lines: string[] = [];
  const out = { write: (text: string) => lines.push(text), isTTY: true, columns: 80 };
  await bare({ out, env: { NO_COLOR: "1" } });
  golden("doctor-drawn", lines.join(""));
});

test("without a connection nothing is found out, and that is wrong use", async () => {
  const simulation = new Simulation({ seed: "doctor", clusters: [], environments: [] });
  const connect = around(simulation, () => new KubeFailure("Unauthorized", "the API server answered 401: Unauthorized"));
  const { code, out, err } = await conductorIn(simulation, ["doctor"], { connect });
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(err, "the API server management:6443 does not accept your credential: log in again (kubectl auth whoami must work)\n");
});

test("--help says what is looked at, that nothing is changed, and how it ends", async () => {
  const { code, out } = await conductor("doctor", "--help");
  assert.equal(code, 0);
  for (const part of [
    "Usage: conductor doctor [options] [release]",
    "Nothing is changed",
    "1: a check failed",
    "$ conductor doctor checkout.production",
  ])
    assert.ok(out.includes(part), part);
});
