import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { startCli } from "#test/scene/running-cli.ts";
import { said } from "#test/scene/people.ts";
import { bob, type Setting, type Version } from "#tools/demo/setting.ts";
import type { Cast } from "./cast.ts";

/** Who releases. */
export const DANA = "dana";
const NAMESPACE = "team-a";
const RELEASE = "checkout.production";
const [COLUMNS, ROWS] = [100, 30];
const TERMINAL = join(import.meta.dirname, "terminal.ts");

/** What is recorded: each is a file in docs/recordings, and embedded in docs/cli.md. */
export const TITLES = {
  explain: "A release that waits for a person: whose turn it is, and what may be done",
  status: "Looking on: somebody approves, and the second wave goes to two clusters",
  deploy: "A release to three clusters: a canary cluster and its analysis, an approval, the rest",
  rollback: "A bad revision is stopped in the first cluster, and taken back: exit code 3",
} as const;
export type RecordingName = keyof typeof TITLES;

/** Plays the demo's story once, as a person with this command would see it. */
export async function play(setting: Setting, tell: (line: string) => void): Promise<Readonly<Record<RecordingName, Cast>>> {
  const { scene, revisions } = setting;
  const env = { KUBECONFIG: await kubeconfigOf(setting), RECORD_TERMINAL: `${COLUMNS}x${ROWS}` };
  const begin = (name: RecordingName, args: readonly string[], exitCode: number): Recording => {
    tell(`conductor ${args.join(" ")}`);
    return recording({ title: TITLES[name], command: `conductor ${args.join(" ")}`, columns: COLUMNS, rows: ROWS, exitCode }, args, env);
  };
  const deploy = async (version: Version): Promise<readonly string[]> => {
    // Production depends on staging.
    await scene.release(revisions[version], {}, "checkout.staging");
    await scene.finished({ name: "checkout.staging", seconds: 180 });
    return ["deploy", RELEASE, "--revision", revisions[version]];
  };

  const deploying = begin("deploy", await deploy("v1"), 0);
  const asked = await reached(setting, "an approval is asked for", ({ status }) => status?.waitingOn?.reason === "Approval");
  const explain = await begin("explain", ["explain", RELEASE], 0).ended;
  const watching = begin("status", ["status", RELEASE, "--watch"], 0);
  await watching.shows("Approval");
  await approved(setting, asked);
  await watching.shows("Succeeded");
  watching.interrupt();
  const [status, deployed] = [await watching.ended, await deploying.ended];
  const rollback = await begin("rollback", await deploy("v2"), 3).ended;
  return { explain, status, deploy: deployed, rollback };
}

interface Recording {
  /** Resolves when it has written that, rejects when it does not within three minutes. */
  shows(text: string): Promise<void>;
  interrupt(): void;
  /** Rejects when it ends otherwise than it should. */
  readonly ended: Promise<Cast>;
}

function recording(
  of: Omit<Cast, "timestamp" | "written" | "ended">,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Recording {
  const timestamp = Math.floor(Date.now() / 1000);
  const began = performance.now();
  const running = startCli(args, env, "", TERMINAL);
  const ended = running.ended.then(({ code, err }): Cast => {
    if (code !== of.exitCode || err !== "") throw new Error(`${of.command} ended with ${code}, and not with ${of.exitCode}: ${err}`);
    const written = running.written.map(([at, text]) => [at / 1000, text] as const);
    return { ...of, timestamp, written, ended: (performance.now() - began) / 1000 };
  });
  // Whatever becomes of it is heard by who waits for it, later.
  ended.catch(() => undefined);
  const shows = async (text: string): Promise<void> => {
    for (const end = Date.now() + 180_000; !running.written.some(([, part]) => part.includes(text)); await sleep(100))
      if (Date.now() > end) throw new Error(`${of.command} does not show "${text}" within three minutes`);
  };
  return { shows, interrupt: () => running.interrupt(), ended };
}

/** dana's, who may release and look at runs, with her team's namespace. */
async function kubeconfigOf({ scene }: Setting): Promise<string> {
  const verbs = ["get", "list", "watch", "create", "patch"];
  await scene.home.allow(
    DANA,
    [{ apiGroups: ["conductor.dev"], resources: ["servicereleases", "releaseruns", "releaseapprovals"], verbs }],
    NAMESPACE,
  );
  const config: { readonly contexts: readonly { readonly context: object }[] } = parse(scene.home.kubeconfigFor(DANA));
  const contexts = config.contexts.map((one) => ({ ...one, context: { ...one.context, namespace: NAMESPACE } }));
  const path = join(scene.plane.folder, "dana.kubeconfig");
  await writeFile(path, stringify({ ...config, contexts }), { mode: 0o600 });
  return path;
}

async function reached({ scene }: Setting, what: string, holds: (release: ServiceRelease) => boolean): Promise<ServiceRelease> {
  for (const end = Date.now() + 180_000; ; await sleep(200)) {
    // It is declared by the command that is recorded, a moment later.
    const release = await scene.getRelease(RELEASE).catch(() => undefined);
    if (release !== undefined && release.status?.observedGeneration === release.metadata.generation && holds(release)) return release;
    if (Date.now() > end)
      throw new Error(`${what}: that has not come true within three minutes. ${JSON.stringify(release?.status, null, 2)}`);
  }
}

async function approved({ scene }: Setting, { status }: ServiceRelease): Promise<void> {
  const run = await scene.getRun(status?.run ?? "");
  const gate = (run.status?.waves ?? [])
    .flatMap(({ gates = [] }) => gates)
    .find(({ kind, phase }) => kind === "Approval" && phase === "Waiting");
  if (gate === undefined) throw new Error(`${run.metadata.name} waits for no approval`);
  const decision = JSON.stringify({ spec: { decisions: { [bob.name]: { decision: "Approve" } } } });
  const answer = await said(scene.home, bob, ["patch", "releaseapproval", gate.object, "--type=merge", "-p", decision]);
  if (!/ patched/.test(answer)) throw new Error(`bob could not approve: ${answer}`);
}
