import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { application, chart, clusterValues, manifests, type Manifest } from "#test/scene/manifests.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { Scene } from "#test/scene/scene.ts";
import { acquire } from "#plane/parts.ts";
import { rows, View, type Sight } from "./demo/view.ts";

const USAGE = `The demo: a management cluster and three clusters with an Argo CD each, and two releases through all of them.

  npm run demo              shows the releases, then waits so that you can look around; Ctrl-C ends it
  npm run demo -- --once    ends by itself; the exit code says whether every cluster is ready`;

const once = options();
const started = Date.now();
const view = new View(process.stdout);
const environment = only("examples/environment.yaml");
const wish = only("examples/servicerelease.yaml");
const clusters = (environment["spec"] as { clusters: readonly { name: string }[] }).clusters.map(({ name }) => name);
const GREETINGS = ["bonjour", "howdy", "namaste", "hola", "hallo"];

// Ctrl-C ends the demo wherever it is; what it started ends with it.
let end = (): void => process.exit(130);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end());

say(`Bringing up a management cluster and ${clusters.length} clusters, each with its own Argo CD …`);
const scene = await Scene.start({ clusters, argocd: true });
let ready = 0;
let releases = 0;
try {
  ready = await play();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`The logs of all processes are in ${await scene.plane.keepLogs("demo")}`);
} finally {
  await scene.stop();
}
const succeeded = ready === clusters.length && releases === 2;
process.stdout.write(`demo: clusters: ${clusters.length}, releases: ${releases}, ready: ${ready} of ${clusters.length}\n`);
process.exit(succeeded ? 0 : 1);

/** Resolves with the number of clusters that are ready at the second revision. */
async function play(): Promise<number> {
  const repository = await scene.plane.repository("checkout");
  const values = Object.assign(
    {},
    ...clusters.map((cluster, index) => clusterValues(cluster, GREETINGS[index % GREETINGS.length] ?? "hello")),
  ) as Record<string, string>;
  const before = await repository.commit({ ...chart(0), ...values }, "checkout v0");
  const first = await repository.commit(chart(1), "checkout v1");
  const second = await repository.commit(chart(2), "checkout v2");
  await Promise.all(clusters.map((cluster) => scene.cluster(cluster).apply([application({ repoURL: repository.url, revision: before })])));
  await scene.conductor();
  await scene.home.apply([{ ...environment, metadata: { ...environment.metadata, namespace: "team-a" } }]);
  say(
    `Ready after ${seconds(started)}: clusters ${clusters.join(", ")} are registered, Environment ${environment.metadata.name} covers them.`,
  );

  await show(`First release: checkout v1 at ${first.slice(0, 8)}`, first);
  const all = await show(`Second release: checkout v2 at ${second.slice(0, 8)}`, second);
  say(await scene.home.kubectl(["get", "servicereleases,releaseruns,environments", "--namespace", "team-a"]));
  if (!once) await lookAround();
  return all;
}

/** Applies the release at `revision`, and shows what happens until it has ended. Resolves with the number of ready clusters. */
async function show(title: string, revision: string): Promise<number> {
  say(`${title}\n`);
  view.next();
  const begun = Date.now();
  await scene.home.apply([
    { ...wish, metadata: { ...wish.metadata, namespace: "team-a" }, spec: { ...(wish["spec"] as object), revision } },
  ]);
  for (;;) {
    const release = await scene.getRelease();
    const current = release.status?.observedGeneration === release.metadata.generation;
    const run = current && release.status?.run !== undefined ? await scene.getRun(release.status.run) : undefined;
    const ours = run?.spec.revision === revision ? run : undefined;
    view.show(rows(ours, clusters, await sights(revision)));
    if (ours !== undefined && isFinished(release)) return ended(release, begun);
    if (Date.now() - begun > 180_000)
      throw new Error(`The release did not end within three minutes. It says: ${JSON.stringify(release.status, null, 2)}`);
    await sleep(200);
  }
}

function ended(release: ServiceRelease, begun: number): number {
  const message = release.status?.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
  say(`${release.status?.phase ?? "?"} after ${seconds(begun)}: ${message}`);
  releases += 1;
  return release.status?.phase === "Succeeded" ? (release.status.targets?.ready ?? 0) : 0;
}

interface ApplicationSight {
  readonly spec: { readonly source: { readonly targetRevision: string } };
  readonly status?: { readonly sync?: { readonly status?: string; readonly revision?: string } };
}

/** What each cluster's Application shows, and the values that took effect: what Argo CD made of the chart there. */
async function sights(revision: string): Promise<ReadonlyMap<string, Sight>> {
  const seen = clusters.map(async (cluster) => {
    const { spec, status } = await scene
      .cluster(cluster)
      .get<ApplicationSight>("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout");
    const config = await scene
      .cluster(cluster)
      .kubectl(["get", "configmap", "checkout", "--namespace", "default", "--ignore-not-found", "--output", "jsonpath={.data}"]);
    const data = config === "" ? {} : (JSON.parse(config) as Readonly<Record<string, string>>);
    const values = ["version", "replicas", "greeting", "cluster"].map((key) => `${key}=${data[key] ?? "?"}`).join(" ");
    const synced = status?.sync?.status === "Synced" && status.sync.revision === revision;
    return [cluster, { patched: spec.source.targetRevision === revision, synced, values }] as const;
  });
  return new Map(await Promise.all(seen));
}

async function lookAround(): Promise<void> {
  const { kubectl } = await acquire(["kubectl"], () => undefined);
  const kubeconfigs = [
    `  management   export KUBECONFIG=${scene.home.kubeconfig}`,
    ...clusters.map((cluster) => `  ${cluster.padEnd(12)} export KUBECONFIG=${scene.cluster(cluster).kubeconfig}`),
  ];
  say(
    [
      "Look around with kubectl; everything goes away with Ctrl-C.",
      ...kubeconfigs,
      "",
      `  alias kubectl=${kubectl}`,
      "  kubectl -n team-a get servicereleases",
      "  kubectl -n team-a describe servicerelease checkout.production",
      "  kubectl -n team-a get releaseruns -o yaml",
      "  kubectl -n argocd get applications            (in one of the clusters)",
      "",
      "Release something that does not exist, and see it fail with Argo CD's own words after the progress deadline:",
      `  kubectl -n team-a patch servicerelease checkout.production --type merge -p '{"spec":{"revision":"${"0123456789".repeat(4)}"}}'`,
    ].join("\n"),
  );
  const hold = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => (end = resolve));
  clearInterval(hold);
}

function isFinished({ status }: ServiceRelease): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Finished" && is === "True") === true;
}

function only(path: string): Manifest {
  const [manifest] = manifests(path);
  if (manifest === undefined) throw new Error(`${path} is empty`);
  return manifest;
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function options(): boolean {
  try {
    const { values } = parseArgs({ options: { once: { type: "boolean", default: false }, help: { type: "boolean", default: false } } });
    if (!values.help) return values.once;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}
