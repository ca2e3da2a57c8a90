import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { manifests } from "#test/scene/manifests.ts";
import { large } from "#test/unit/cli/large.ts";
import { Plane } from "#plane/plane.ts";
import { table } from "#tools/tasks/words.ts";

/** What `conductor status` of a release to 1,000 clusters costs its caller: CPU of the process, against a real API server. */

/** Seconds of CPU, user and system; the best of a few tries, since the same work takes longer beside others and never shorter. */
const MOST = 1;
const TRIES = 5;
const NAMESPACE = "team-a";
const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
/** Says at the end what the process has used. */
const REPORTS = `data:text/javascript,process.on("exit",()=>{const{userCPUTime:u,systemCPUTime:s}=process.resourceUsage();process.stderr.write(JSON.stringify({cpu:(u+s)/1e6}))})`;

interface Took {
  readonly cpu: number;
  readonly wall: number;
  readonly lines: number;
}

function measured(args: readonly string[], kubeconfig: string): Promise<Took> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, ["--import", REPORTS, MAIN, ...args, "--kubeconfig", kubeconfig], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.on("close", (code) => {
      const wall = (performance.now() - began) / 1000;
      const used: unknown = code === 0 ? JSON.parse(err) : undefined;
      if (typeof used !== "object" || used === null || !("cpu" in used) || typeof used.cpu !== "number")
        return reject(new Error(`conductor ${args.join(" ")} has ended with ${code}: ${err}`));
      resolve({ cpu: used.cpu, wall, lines: out.split("\n").length - 1 });
    });
  });
}

/** A management cluster that holds the release and its run. */
async function filled(plane: Plane): Promise<string> {
  const home = await plane.cluster("management");
  await home.apply(["servicereleases", "releaseruns"].flatMap((plural) => manifests(`crds/conductor.dev_${plural}.yaml`)));
  await home.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }]);
  const path = `/apis/conductor.dev/v1alpha1/namespaces/${NAMESPACE}`;
  for (const [plural, { metadata, spec, status, ...head }] of Object.entries({
    servicereleases: large().release,
    releaseruns: large().run,
  })) {
    const { name } = metadata;
    await home.create(`${path}/${plural}`, { ...head, metadata: { name, namespace: NAMESPACE }, spec });
    const type = "application/merge-patch+json";
    // The release that was made is of the first generation.
    const observed = plural === "servicereleases" ? { observedGeneration: 1 } : {};
    await home.patch(`${path}/${plural}/${name}/status`, { status: { ...status, ...observed } }, type);
  }
  return home.kubeconfigFor("admin");
}

console.log(`node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}\n`);
const plane = await Plane.start();
const folder = await mkdtemp(join(tmpdir(), "conductor-bench-"));
try {
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, await filled(plane), { mode: 0o600 });
  const commands = [
    ["--version"],
    ["status", "-n", NAMESPACE],
    ["status", "checkout.production", "-n", NAMESPACE],
    ["status", "checkout.production", "-n", NAMESPACE, "-o", "json"],
  ];
  const rows: string[][] = [];
  let worst = 0;
  for (const args of commands) {
    const all: Took[] = [];
    for (let time = 0; time < TRIES; time += 1) all.push(await measured(args, kubeconfig));
    const best = Math.min(...all.map(({ cpu }) => cpu));
    const fastest = Math.min(...all.map(({ wall }) => wall));
    worst = Math.max(worst, best);
    rows.push([`conductor ${args.join(" ")}`, `${best.toFixed(2)} s`, `${fastest.toFixed(2)} s`, `${all[0]?.lines}`]);
  }
  console.log(`1,000 clusters, the best of ${TRIES}:\n\n${table([["", "CPU", "wall", "lines"], ...rows])}`);
  const ok = worst < MOST;
  console.log(`\nthe dearest takes ${worst.toFixed(2)} s of CPU, under ${MOST} s: ${ok ? "ok" : "FAILED"}`);
  if (!ok) console.log("Find out where it goes: node --cpu-prof src/cli/main.ts status NAME");
  process.exitCode = ok ? 0 : 1;
} finally {
  await plane.stop();
  await rm(folder, { recursive: true });
}
