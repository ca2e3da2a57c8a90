import { ACTION_PREFIX } from "#engine/actions.ts";
import { Reverter } from "#simulation/actors.ts";
import type { Behaviour } from "#simulation/behaviour.ts";
import { ARGO_NAMESPACE, RESOURCES, pathOf, TEAM, type ClusterSpec } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import type { Act } from "./plan.ts";

export const RELEASE = "checkout.production";

/** Where an act takes place. */
export interface Stage {
  readonly simulation: Simulation;
  readonly clusters: readonly ClusterSpec[];
  /** The name of a cluster's Application. */
  readonly application: (cluster: string) => string;
  /** What revisions do, where it is not what the workload says: by `cluster revision`. */
  readonly behaviours: Map<string, Behaviour>;
}

/** Does it, and says whether there was anything to do it to. */
export function perform(act: Act, stage: Stage): boolean {
  const { simulation } = stage;
  const { wishes, home } = simulation;
  const person = (cluster: string) => simulation.person(cluster, stage.application(cluster));
  const spec = (name: string): ClusterSpec => stage.clusters.find((one) => one.name === name) ?? { name };
  const isThere = (cluster: string): boolean => simulation.application(cluster, stage.application(cluster)) !== undefined;
  switch (act.does) {
    case "Ask": {
      const run = newestRun(simulation);
      if (run === undefined || wishes.release(RELEASE) === undefined) return false;
      wishes.annotate(RELEASE, { [`${ACTION_PREFIX}${act.action}`]: act.argument === undefined ? run : `${run}/${act.argument}` });
      return true;
    }
    case "Apply":
      wishes.apply(act.release ?? RELEASE, act.revision, act.more, act.author);
      return true;
    case "Decide": {
      const question = questionsOf(simulation).at(-1);
      if (question === undefined) return false;
      wishes.decide(question, act.who, act.reason);
      return true;
    }
    case "Freeze": {
      const now = simulation.clock.now();
      const clusters = act.clusters === undefined ? {} : { clusters: { names: act.clusters } };
      wishes.freeze(act.name, { reason: "a campaign", from: second(now), to: second(now + act.lasts), ...clusters });
      return true;
    }
    case "Delete":
      if (wishes.release(RELEASE) === undefined) return false;
      wishes.delete(RELEASE);
      return true;
    case "Register":
      simulation.register({ ...spec(act.cluster), ...(act.annotations === undefined ? {} : { annotations: act.annotations }) }, act.token);
      return true;
    case "Unregister":
      if (home.find(pathOf(RESOURCES.secrets, "release-conductor", `cluster-${act.cluster}`)) === undefined) return false;
      simulation.unregister(act.cluster);
      return true;
    case "Meddle": {
      const run = newestRun(simulation);
      const path = act.kind === "release" ? pathOf(RESOURCES.releases, TEAM, RELEASE) : pathOf(RESOURCES.runs, TEAM, run ?? "none");
      if (home.find(path) === undefined) return false;
      const sub = "status" in act.patch ? "/status" : "";
      home.handle({ method: "PATCH", path: `${path}${sub}`, contentType: "application/merge-patch+json", body: act.patch }, "intruder");
      return true;
    }
    case "EditEnvironment":
      wishes.editEnvironment("production", act.patch);
      return true;
    case "BreakStreams":
      simulation.faults.breakStreams(act.server);
      return true;
    case "Compact":
      (act.server === home.name ? home : simulation.server(act.server)).compact();
      return true;
    case "Deploy":
      simulation.deploy(act.cluster, { name: stage.application(act.cluster) });
      return true;
    case "Behave":
      stage.behaviours.set(`${act.cluster} ${act.revision}`, act.behaviour);
      return true;
    case "Silence":
      simulation.argo(act.cluster).silent = act.silent;
      return true;
    case "Window":
      simulation.argo(act.cluster).setWindow(`argocd/${stage.application(act.cluster)}`, act.state);
      project(simulation, act.cluster, act.state);
      return true;
    case "DropRefresh":
      simulation.argo(act.cluster).dropRefresh(`argocd/${stage.application(act.cluster)}`, act.times);
      return true;
    case "Revert":
      new Reverter({
        server: simulation.server(act.cluster),
        clock: simulation.clock,
        application: stage.application(act.cluster),
        after: act.after,
        ...(act.times === undefined ? {} : { times: act.times }),
      });
      return true;
    case "Steer":
    case "PatchApplication":
    case "Sync":
    case "Terminate":
    case "DeleteApplication":
      if (!isThere(act.cluster)) return false;
      if (act.does === "Steer") person(act.cluster).setRevision(act.revision);
      else if (act.does === "PatchApplication") person(act.cluster).patch(act.patch);
      else if (act.does === "Sync") person(act.cluster).sync(act.revision);
      else if (act.does === "Terminate") person(act.cluster).terminate();
      else person(act.cluster).delete();
      return true;
  }
}

/** Argo CD says nothing of a window that keeps a sync from starting: its project does. */
function project(simulation: Simulation, cluster: string, state: "open" | "closed"): void {
  const server = simulation.server(cluster);
  const kind = "argoproj.io/v1alpha1/appprojects";
  const path = pathOf(kind, ARGO_NAMESPACE, "default");
  const syncWindows = state === "open" ? [] : [{ kind: "deny", schedule: "* * * * *", duration: "1h", applications: ["*"] }];
  const body = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default", namespace: ARGO_NAMESPACE },
    spec: { syncWindows },
  };
  if (server.find(path) === undefined) server.handle({ method: "POST", path: pathOf(kind, ARGO_NAMESPACE), body }, "person");
  else server.handle({ method: "PATCH", path, contentType: "application/merge-patch+json", body: { spec: { syncWindows } } }, "person");
}

/** What people are asked about waves; freezes end by themselves. */
export function questionsOf({ wishes }: Simulation): readonly string[] {
  return wishes.questions().filter((name) => /-w\d+-g\d+$/.test(name));
}

function second(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function newestRun({ home }: Simulation): string | undefined {
  const number = (name: string): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
  return home
    .all(RESOURCES.runs)
    .map(({ metadata }) => metadata.name)
    .toSorted((a, b) => number(a) - number(b))
    .at(-1);
}
