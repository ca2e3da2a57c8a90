import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { ApiError } from "#plane/client.ts";
import type { Person } from "#test/scene/people.ts";
import { startCli, type Ran } from "#test/scene/running-cli.ts";
import { PRODUCTION, STAGING } from "./environments.ts";
import { alice, bob, isWell, type Setting, type Version } from "./setting.ts";
import { look, type Course, type View } from "./view.ts";

const COURSES = [
  { environment: "staging", clusters: [STAGING] },
  { environment: "production", clusters: PRODUCTION },
] as const;

/** How the release of one version ended. */
export interface Ending {
  readonly staging: string;
  readonly production: string;
  /** What was decided in production, in order, such as "Analysis Passed". */
  readonly gates: readonly string[];
  /** By cluster of production: patches of its Application by the conductor, since the release was applied. */
  readonly patches: ReadonlyMap<string, number>;
}

type Say = (text: string) => void;

/** As alice, to both Environments at once; shown until both have ended. Whoever must be asked is asked. */
export async function release(setting: Setting, view: View, say: Say, version: Version): Promise<Ending> {
  const { scene, sights, revisions } = setting;
  const revision = revisions[version];
  const before = await patches(setting);
  const begun = Date.now();
  for (const { environment } of COURSES) {
    const answer = await conductor(setting, alice, "deploy", `checkout.${environment}`, "--revision", revision, "--no-wait");
    if (answer.code !== 0) throw new Error(`alice could not release: ${answer.out}${answer.err}`);
  }
  view.next();
  const asked = new Set<string>();
  for (;;) {
    const releases = await Promise.all(COURSES.map(({ environment }) => scene.getRelease(`checkout.${environment}`)));
    const courses = await Promise.all(
      COURSES.map(async (course, index) => ({ ...course, run: await runOf(setting, releases[index], revision) })),
    );
    view.show(look(courses, (cluster) => sights.of(cluster)));
    const question = questionOf(courses, asked);
    if (question !== undefined) {
      asked.add(question);
      await decide(setting, say);
      view.below();
      continue;
    }
    const [staging, production] = releases.map(outcomeOf);
    if (staging !== undefined && production !== undefined) {
      say(releases.map((one, index) => told(one, courses[index]?.run)).join("\n"));
      const after = await patches(setting);
      const since = [...after].map(([cluster, count]) => [cluster, count - (before.get(cluster) ?? 0)] as const);
      return { staging, production, gates: decidedBy(courses), patches: new Map(since) };
    }
    if (Date.now() - begun > 180_000) {
      const all = releases.map(({ status }) => JSON.stringify(status, null, 2)).join("\n");
      throw new Error(`The release of ${version} did not end within three minutes. It says: ${all}`);
    }
    await sleep(300);
  }
}

function decidedBy(courses: readonly Course[]): readonly string[] {
  const { run } = courses.find(({ environment }) => environment === "production") ?? {};
  const gates = (run?.status?.waves ?? []).flatMap(({ gates: of = [] }) => of);
  return gates.filter(({ phase }) => phase !== "Pending").map(({ kind, phase }) => `${kind} ${phase}`);
}

/** How many clusters of production run that version, verified by what Argo CD and Argo Rollouts say of it. */
export async function countReady({ sights, revisions }: Setting, version: Version): Promise<number> {
  await sights.look();
  return PRODUCTION.filter((cluster) => isWell(sights, cluster, revisions[version])).length;
}

async function runOf({ scene }: Setting, of: ServiceRelease | undefined, revision: string): Promise<ReleaseRun | undefined> {
  const name = of?.status?.run;
  if (name === undefined) return undefined;
  try {
    const run = await scene.getRun(name);
    return run.spec.revision === revision ? run : undefined;
  } catch (error) {
    // It is named before it is made.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** An approval that is waited for and was not asked about yet. */
function questionOf(courses: readonly Course[], asked: ReadonlySet<string>): string | undefined {
  return courses
    .flatMap(({ run }) => run?.status?.waves ?? [])
    .flatMap(({ gates = [] }) => gates)
    .find(({ kind, phase, object: name }) => kind === "Approval" && phase === "Waiting" && !asked.has(name))?.object;
}

/** The author may not, and somebody else may: both is the API server's word. */
async function decide(setting: Setting, say: Say): Promise<void> {
  const approve = ["approve", "checkout.production", "--yes"];
  const refused = await conductor(setting, alice, ...approve);
  if (refused.code !== 1) throw new Error(`alice has released it, and was not refused as an approver: ${refused.out}${refused.err}`);
  say(`alice has released it, and may not approve it:\n  $ conductor ${approve.join(" ")}\n${indented(refused)}`);
  const approved = await conductor(setting, bob, ...approve);
  if (approved.code !== 0) throw new Error(`bob could not approve: ${approved.out}${approved.err}`);
  say(`bob types the same:\n  $ conductor ${approve.join(" ")}\n${indented(approved)}\n`);
}

/** What somebody types. */
function conductor({ scene }: Setting, { name, groups }: Person, ...args: readonly string[]): Promise<Ran> {
  const identity = ["--as", name, ...groups.flatMap((group) => ["--as-group", group])];
  return startCli([...args, "--namespace", "team-a", "--kubeconfig", scene.home.kubeconfig, ...identity]).ended;
}

function indented({ out, err }: Ran): string {
  return `${out}${err}`.trimEnd().replaceAll(/^/gm, "  ");
}

/** Patches by the conductor of the Applications in production that the API servers have seen, carried out or not. */
async function patches({ scene }: Setting): Promise<ReadonlyMap<string, number>> {
  const counts = PRODUCTION.map(async (cluster) => {
    const events = await scene.cluster(cluster).audit({ user: "release-conductor", verbs: ["patch"], resource: "applications" });
    return [cluster, events.length] as const;
  });
  return new Map(await Promise.all(counts));
}

/** How it ended, after how long and why, in lines for a terminal. */
function told(one: ServiceRelease, run: ReleaseRun | undefined): string {
  const { startedAt = "", finishedAt = "" } = run?.status ?? {};
  const sentences = (finishedOf(one)?.message ?? "").split(/(?<=\.|failed:) /).map((sentence) => `  ${sentence}`);
  const took = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return [`checkout.${one.spec.environment}: ${one.status?.phase ?? "?"} after ${took} s`, ...sentences].join("\n");
}

function finishedOf({ status }: ServiceRelease) {
  return status?.conditions?.find(({ type }) => type === "Finished");
}

/** Of the newest wish; undefined while it goes on. */
function outcomeOf(one: ServiceRelease): string | undefined {
  if (one.status?.observedGeneration !== one.metadata.generation) return undefined;
  return finishedOf(one)?.status === "True" ? one.status.phase : undefined;
}

export function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
