import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
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

test("where all is well each thing is a line that says so, and the exit code is 0", async () => {
  const { code, out, err } = await doctor([]);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, ``);
});
