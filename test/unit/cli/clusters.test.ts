import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterList, type ClusterList } from "#cli/clusters/rows.ts";
import { environment, type Environment, type EnvironmentStatus } from "#api/environment.ts";
import { KubeFailure } from "#kube/errors.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn } from "./terminal.ts";

const NOW = Date.UTC(2026, 0, 1, 9);
const HOUR = 3_600_000;
const at = (hours: number): string => `${new Date(NOW + hours * HOUR).toISOString().slice(0, 19)}Z`;

/** As an API server issues it; nobody has signed it. */
function token(hours: number): string {
  return ["{}", JSON.stringify({ exp: (NOW + hours * HOUR) / 1000 }), "signature"]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");
}

/** Clusters of all kinds, as a real conductor finds them. */
async function fleet(): Promise<Simulation> {
  const simulation = new Simulation({
    seed: "clusters",
    clusters: [
      { name: "eu-west-1" },
      { name: "us-east-1" },
      { name: "tokyo-1", instance: "eu-west-1" },
      { name: "closed-1", annotations: { "conductor.dev/allowed-namespaces": "team-b" } },
      { name: "down-1" },
      { name: "home-1", instance: "in-cluster" },
    ],
    environments: [
      {
        name: "production",
        spec: { clusters: ["us-east-1", "eu-west-1", "tokyo-1", "closed-1", "down-1", "nowhere-1"].map((name) => ({ name })) },
      },
      { name: "staging", spec: { clusters: [{ name: "home-1" }, { name: "us-east-1" }] } },
    ],
  });
  simulation.register({ name: "us-east-1" }, token(60));
  simulation.faults.outage("down-1", { kind: "Down", how: "refused" }, 0, Infinity);
  await simulation.settle(120_000);
  return simulation;
}

test("clusters come with what matters first, each with its Argo CD, the age of its credential and what is wrong", async () => {
  const { code, out, err } = await conductorIn(await fleet(), ["clusters"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `CLUSTER     INSTANCE     STATE         ARGO-CD   CREDENTIAL       ENVIRONMENTS          MESSAGE
closed-1    -            Forbidden     -         -                production            its registration takes no releases from namespace team-a: add team-a to the annotation conductor.dev/allowed-namespaces of Secret cluster-closed-1
down-1      down-1       Unreachable   -         2m               production            connection refused by down-1.simulated:443
nowhere-1   -            Unknown       -         -                production            no registration has this name: register the cluster, or take it out of the Environment
us-east-1   us-east-1    Usable        -         2m, ends in 2d   production, staging   its credential expires at ${at(60)}: renew it in its registration
eu-west-1   eu-west-1    Usable        -         2m               production
home-1      in-cluster   Usable        -         own              staging
tokyo-1     eu-west-1    Usable        -         2m               production
`,
  );
});

test("on a terminal a line is a line, in colours; wide has all of it", async () => {
  const simulation = await fleet();
  const lines: string[] = [];
  const out = { write: (text: string) => lines.push(text), isTTY: true, columns: 110 };
  await conductorIn(simulation, ["clusters", "-A"], { out });
  const [, closed = "", , , , good = ""] = lines.join("").split("\n");
  assert.equal(
    closed,
    "closed-1    -            \u001b[31mForbidden\u001b[39m     -         -                team-a/production                   its registration takes no rel…",
  );
  assert.equal(good, "eu-west-1   eu-west-1    \u001b[32mUsable\u001b[39m        -         2m               team-a/production");
  lines.length = 0;
  await conductorIn(simulation, ["clusters", "-o", "wide"], { out });
  assert.match(lines.join(""), /^us-east-1 .* production,staging +its credential expires at \S+: renew it in its registration$/m);
});

test("the document holds all that is known, and names are one a line", async () => {
  const simulation = await fleet();
  const document: ClusterList & { readonly version: number } = JSON.parse((await conductorIn(simulation, ["clusters", "-o", "json"])).out);
  assert.deepEqual([document.version, document.unseen, document.hidden, document.clusters.length], [1, [], 0, 7]);
  assert.deepEqual(document.clusters[3], {
    name: "us-east-1",
    instance: "us-east-1",
    argocdVersion: null,
    credential: { since: at(0), expiresAt: at(60) },
    missingRights: [],
    state: "Usable",
    message: `its credential expires at ${at(60)}: renew it in its registration`,
    since: null,
    environments: [
      { namespace: "team-a", name: "production" },
      { namespace: "team-a", name: "staging" },
    ],
  });
  const { out } = await conductorIn(simulation, ["clusters", "-o", "name"]);
  assert.equal(out, "closed-1\ndown-1\nnowhere-1\nus-east-1\neu-west-1\nhome-1\ntokyo-1\n");
});

function of(name: string, status: EnvironmentStatus | undefined, namespace = "team-a"): Environment {
  return environment.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "Environment",
    metadata: { name, namespace, uid: "u", resourceVersion: "1" },
    spec: { clusters: [{ selector: { matchLabels: {} } }], application: { targetRevision: "{{revision}}" } },
    status,
  });
}

const counts = { covered: 1, usable: 1, unknown: 0, forbidden: 0, refused: 0, unreachable: 0, summary: "1/1" };

test("what one namespace may not use another may: a cluster is a line for each of its states", () => {
  const problem = { cluster: "eu", problem: "Forbidden", message: "locked", since: at(-1) } as const;
  const { clusters } = clusterList(
    [
      of("a", { clusters: counts, instances: [{ name: "eu", clusters: 1 }] }),
      of("b", { clusters: counts, instances: [], problems: [problem] }, "team-b"),
      of("c", { clusters: counts, instances: [{ name: "eu", clusters: 1 }] }, "team-c"),
    ],
    NOW,
  );
  assert.deepEqual(
    clusters.map(({ name, state, environments }) => [name, state, environments.map((one) => `${one.namespace}/${one.name}`)]),
    [
      ["eu", "Forbidden", ["team-b/b"]],
      ["eu", "Usable", ["team-a/a", "team-c/c"]],
    ],
  );
});

test("what a status has no room for is counted, and an Environment that nobody has looked at is named", () => {
  const { hidden, unseen } = clusterList(
    [of("big", { clusters: { ...counts, covered: 1500 }, instances: [{ name: "eu", clusters: 1 }] }), of("new", undefined)],
    NOW,
  );
  assert.deepEqual([hidden, unseen], [1499, [{ namespace: "team-a", name: "new" }]]);
});

test("a credential that has ended is bad news, and rights that are missing are named", () => {
  const credential = { since: at(-48), expiresAt: at(-1) };
  const { clusters } = clusterList(
    [
      of("a", {
        clusters: counts,
        instances: [
          { name: "b", clusters: 1, missingRights: ["AppProjects", "Rollouts"] },
          { name: "a", clusters: 1 },
          { name: "c", clusters: 1, credential },
        ],
      }),
    ],
    NOW,
  );
  assert.deepEqual(
    clusters.map(({ name, message }) => `${name}: ${message}`),
    [
      `c: its credential expired at ${at(-1)}: renew it in its registration`,
      "b: the conductor has no right to AppProjects, Rollouts: conductor doctor says what gives it",
      "a: ",
    ],
  );
});

test("where there is nothing, that is said", async () => {
  const { code, out } = await conductorIn(await fleet(), ["clusters", "-n", "team-x"]);
  assert.deepEqual([code, out], [0, "no Environments in namespace team-x, and so no clusters\n"]);
});

test("who may not list Environments is told which right it takes", async () => {
  const transport = {
    request: () => Promise.reject(new KubeFailure("Forbidden", "the API server answered 403: forbidden")),
    watch: () => {
      throw new Error("nobody watches here");
    },
  };
  const connect = () => Promise.resolve({ transport, namespace: "team-a", server: "management:6443" });
  const { code, out, err } = await conductorIn(await fleet(), ["clusters"], { connect });
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(
    err,
    "you may not list environments in namespace team-a: ask for a Role with the verb list on environments.conductor.dev (kubectl auth can-i list environments.conductor.dev -n team-a)\n",
  );
});

test("--help says what it shows and what it takes", async () => {
  const { code, out } = await conductor("clusters", "--help");
  assert.equal(code, 0);
  for (const part of [
    "Usage: conductor clusters [options]",
    "no right to Secrets is needed",
    "-A, --all-namespaces",
    "$ conductor clusters -o json",
  ])
    assert.ok(out.includes(part), part);
});
