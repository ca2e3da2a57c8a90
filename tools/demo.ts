import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { application, chart, clusterValues, manifests, type Manifest } from "#test/scene/manifests.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { Scene } from "#test/scene/scene.ts";
import { ApiError } from "#plane/client.ts";
import { acquire } from "#plane/parts.ts";
import { look, View, type Sight } from "./demo/view.ts";

const USAGE = `The demo: a management cluster and three clusters with an Argo CD each. Two releases go through them in two waves,
and a third one that does not work is stopped at the first cluster and taken back.

  npm run demo              shows the releases, then waits so that you can look around; Ctrl-C ends it
  npm run demo -- --once    ends by itself; the exit code says whether all came as it should`;

/** One cluster first; when it has been good for six seconds, the others. What fails for ten seconds has failed: a demo is short. */
const STRATEGY = {
  waves: [
    { name: "canary", clusters: { count: 1 }, minSuccessTime: "6s" },
    { name: "rest", minSuccessTime: "3s" },
  ],
  maxConcurrency: "100%",
  progressDeadline: "10s",
};

/** A number where a ConfigMap takes only text: it renders, and no API server takes it. */
const UNQUOTED = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  connections: 100\n";

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
const outcomes: (string | undefined)[] = [];
let ready = 0;
try {
  ready = await play();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`The logs of all processes are in ${await scene.plane.keepLogs("demo")}`);
} finally {
  await scene.stop();
}
const asWished = outcomes.join() === "Succeeded,Succeeded,RolledBack";
const how = outcomes.length < 3 ? "" : ` at v2 (v3: ${outcomes[2]})`;
process.stdout.write(`demo: clusters: ${clusters.length}, releases: ${outcomes.length}, ready: ${ready} of ${clusters.length}${how}\n`);
process.exit(asWished && ready === clusters.length ? 0 : 1);

/** Resolves with the number of clusters at which the second revision is deployed and well at the end. */
async function play(): Promise<number> {
  const repository = await scene.plane.repository("checkout");
  const values = Object.assign(
    {},
    ...clusters.map((cluster, index) => clusterValues(cluster, GREETINGS[index % GREETINGS.length] ?? "hello")),
  ) as Record<string, string>;
  const before = await repository.commit({ ...chart(0), ...values }, "checkout v0");
  const first = await repository.commit(chart(1), "checkout v1");
  const second = await repository.commit(chart(2), "checkout v2");
  const third = await repository.commit({ ...chart(3), "chart/templates/limits.yaml": UNQUOTED }, "checkout v3");
  await Promise.all(
    clusters.map((cluster) => scene.cluster(cluster).apply([atOnce(application({ repoURL: repository.url, revision: before }))])),
  );
  await scene.conductor();
  const spec = { ...(environment["spec"] as object), strategy: STRATEGY };
  await scene.home.apply([{ ...environment, metadata: { ...environment.metadata, namespace: "team-a" }, spec }]);
  say(
    [
      `Ready after ${seconds(started)}: clusters ${clusters.join(", ")} are registered, Environment ${environment.metadata.name} covers them`,
      "in two waves: one cluster, and when it has been good for 6 s (its soak), the rest.",
    ].join("\n"),
  );

  await show(`First release: checkout v1 at ${first.slice(0, 8)}`, first);
  await show(`Second release: checkout v2 at ${second.slice(0, 8)}`, second);
  await show(`Third release: checkout v3 at ${third.slice(0, 8)}, whose chart has a mistake that only an API server finds`, third);
  say(await scene.home.kubectl(["get", "servicereleases,releaseruns,environments", "--namespace", "team-a"]));
  const all = [...(await sights(second)).values()].filter(({ synced, values: deployed }) => synced && deployed.startsWith("version=v2 "));
  if (!once) await lookAround(first);
  return all.length;
}

/** One attempt: Argo CD would try five times, for minutes. */
function atOnce(app: Manifest): Manifest {
  const spec = app["spec"] as object;
  return { ...app, spec: { ...spec, syncPolicy: { automated: {}, retry: { limit: 0 } } } };
}

/** Applies the release at `revision`, and shows what happens until it has ended. */
async function show(title: string, revision: string): Promise<void> {
  say(`${title}\n`);
  view.next();
  const begun = Date.now();
  await scene.home.apply([
    { ...wish, metadata: { ...wish.metadata, namespace: "team-a" }, spec: { ...(wish["spec"] as object), revision } },
  ]);
  for (;;) {
    const release = await scene.getRelease();
    const isFinal = isFinished(release);
    const run = release.status?.run === undefined ? undefined : await scene.getRun(release.status.run);
    const ours: ReleaseRun | undefined = run?.spec.revision === revision ? run : undefined;
    view.show(look(ours, clusters, await sights(revision)));
    if (ours !== undefined && isFinal) return ended(release, begun);
    if (Date.now() - begun > 180_000)
      throw new Error(`The release did not end within three minutes. It says: ${JSON.stringify(release.status, null, 2)}`);
    await sleep(200);
  }
}

function ended({ status }: ServiceRelease, begun: number): void {
  const message = status?.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
  say(`${status?.phase ?? "?"} after ${seconds(begun)}: ${message}`);
  outcomes.push(status?.phase);
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
    const data = await deployed(cluster);
    const values = ["version", "replicas", "greeting", "cluster"].map((key) => `${key}=${data[key] ?? "?"}`).join(" ");
    const synced = status?.sync?.status === "Synced" && status.sync.revision === revision;
    return [cluster, { patched: spec.source.targetRevision === revision, synced, values }] as const;
  });
  return new Map(await Promise.all(seen));
}

async function deployed(cluster: string): Promise<Readonly<Record<string, string>>> {
  const path = "/api/v1/namespaces/default/configmaps/checkout";
  try {
    return (await scene.cluster(cluster).get<{ readonly data: Readonly<Record<string, string>> }>(path)).data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {};
    throw error;
  }
}

async function lookAround(first: string): Promise<void> {
  const run = (await scene.getRelease()).status?.run ?? "";
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
      "Go back to v1, which was verified before: everywhere at once, without waves or soak:",
      `  kubectl -n team-a annotate servicerelease checkout.production conductor.dev/rollback-to=${run}/${first}`,
      "",
      "Release something that does not exist, and see it fail with Argo CD's own words after the progress deadline, and go back:",
      `  kubectl -n team-a patch servicerelease checkout.production --type merge -p '{"spec":{"revision":"${"0123456789".repeat(4)}"}}'`,
    ].join("\n"),
  );
  const hold = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => (end = resolve));
  clearInterval(hold);
}

function isFinished({ metadata, status }: ServiceRelease): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  return status.conditions?.some(({ type, status: is }) => type === "Finished" && is === "True") === true;
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
