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
  status: "A release in the middle of its second wave",
  deploy: "A release to three clusters: a canary cluster and its analysis, an approval, the rest",
  rollback: "A bad revision is stopped in the first cluster, and taken back: exit code 3",
} as const;
export type RecordingName = keyof typeof TITLES;

/** Plays the demo's story once, as a person with this command would see it. */
export async function play(setting: Setting, tell: (line: string) => void): Promise<Readonly<Record<RecordingName, Cast>>> {
  const { scene, revisions } = setting;
  const env = { KUBECONFIG: await kubeconfigOf(setting), RECORD_TERMINAL: `${COLUMNS}x${ROWS}` };
  const record = async (name: RecordingName, args: readonly string[], exitCode: number): Promise<Cast> => {
    tell(`conductor ${args.join(" ")}`);
    const timestamp = Math.floor(Date.now() / 1000);
    const began = performance.now();
    const running = startCli(args, env, "", TERMINAL);
    const { code, err } = await running.ended;
    const ended = (performance.now() - began) / 1000;
    if (code !== exitCode || err !== "")
      throw new Error(`conductor ${args.join(" ")} ended with ${code}, and not with ${exitCode}: ${err}`);
    const written = running.written.map(([at, text]) => [at / 1000, text] as const);
    return {
      title: TITLES[name],
      command: `conductor ${args.join(" ")}`,
      columns: COLUMNS,
      rows: ROWS,
      timestamp,
      written,
      ended,
      exitCode,
    };
  };
  const deploy = async (version: Version): Promise<readonly string[]> => {
    // Production depends on staging.
    await scene.release(revisions[version], {}, "checkout.staging");
    await scene.finished({ name: "checkout.staging", seconds: 180 });
    return ["deploy", RELEASE, "--revision", revisions[version]];
  };

  const deploying = record("deploy", await deploy("v1"), 0);
  // Whatever becomes of it is heard below.
  deploying.catch(() => undefined);
  const asked = await reached(setting, "an approval is asked for", ({ status }) => status?.waitingOn?.reason === "Approval");
  const explain = await record("explain", ["explain", RELEASE], 0);
  await approved(setting, asked);
  await reached(
    setting,
    "the second wave is under way",
    ({ status }) => status?.wave?.current === 2 && (status.clusters ?? []).some(({ phase }) => phase === "Syncing"),
  );
  const status = await record("status", ["status", RELEASE], 0);
  const deployed = await deploying;
  const rollback = await record("rollback", await deploy("v2"), 3);
  return { explain, status, deploy: deployed, rollback };
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
