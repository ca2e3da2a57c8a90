import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { isAlive } from "#plane/alive.ts";
import { withLock } from "#plane/lock.ts";

const module = new URL("../plane/parts.ts", import.meta.url).href;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "plane-parts-"));
  await mkdir(join(folder, "bin"));
  await symlink(process.execPath, join(folder, "bin", "node"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A Go that takes half a second for a binary that is a text, and writes down what it was asked for. */
async function fakeGo(build: string): Promise<void> {
  const text = `#!/bin/sh
case $1 in
  version) echo "go version go1.26.8 linux/amd64" ;;
  build) echo "$*" >> ${join(folder, "calls")}; while [ "$1" != -o ]; do shift; done; ${build} ;;
esac
`;
  await writeFile(join(folder, "bin", "go"), text);
  await chmod(join(folder, "bin", "go"), 0o755);
}

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
}

function acquire(names: readonly string[], env: Readonly<Record<string, string>> = {}, go = true) {
  const script = `import { acquire } from ${JSON.stringify(module)};
    try { console.log(JSON.stringify(await acquire(${JSON.stringify(names)}, (line) => console.log(line)))); }
    catch (error) { console.log(error.message); process.exitCode = 1; }`;
  const path = go ? [join(folder, "bin"), "/usr/bin", "/bin"] : [join(folder, "empty")];
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: {
      PATH: path.join(delimiter),
      HOME: folder,
      RELEASE_CONDUCTOR_CACHE: join(folder, "cache"),
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const outcome = new Promise<Outcome>((resolve) => {
    child.once("close", (code) => resolve({ code, lines: output.trim().split("\n") }));
  });
  return { child, outcome };
}

const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");

test("a variable that names a binary wins, and KUBEBUILDER_ASSETS holds what envtest has", async () => {
  for (const name of ["my-helm", "etcd"]) await writeFile(join(folder, name), "");
  const env = { RELEASE_CONDUCTOR_HELM: join(folder, "my-helm"), KUBEBUILDER_ASSETS: folder };
  const { lines } = await acquire(["helm", "etcd"], env, false).outcome;
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ""), {
    etcd: join(folder, "etcd"),
    helm: join(folder, "my-helm"),
  });
});

test("a variable that names nothing is an error that says which", async () => {
  const { code, lines } = await acquire(["helm"], { RELEASE_CONDUCTOR_HELM: "/nowhere" }, false).outcome;
  assert.equal(code, 1);
  assert.match(lines.join("\n"), /^RELEASE_CONDUCTOR_HELM is \/nowhere, and there is no such file/);
});

test("without Go and without binaries one sentence says what to install or set", async () => {
  const { code, lines } = await acquire(["etcd", "helm"], {}, false).outcome;
  assert.equal(code, 1);
  assert.deepEqual(lines, [
    "The test plane needs etcd, helm: install Go 1.21 or newer (https://go.dev/dl) and they are built once, or set RELEASE_CONDUCTOR_ETCD, RELEASE_CONDUCTOR_HELM to their binaries.",
  ]);
});

test("two runs at once build each part once, the one waits for the other and says so, and the next finds all in the cache", async () => {
  await fakeGo(`sleep 0.7; echo binary > "$2"`);
  const outcomes = await Promise.all([acquire(["helm", "redis"]).outcome, acquire(["helm", "redis"]).outcome]);
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [0, 0],
  );
  assert.equal((await calls()).length, 2);
  assert.ok(outcomes.some(({ lines }) => lines.some((line) => /is building them, waiting for it, \d+s/.test(line))));
  assert.ok(
    outcomes.some(({ lines }) =>
      lines.some((line) => /^parts: building redis \(1 of 2\), 0s of about \S+, then about \S+ for the rest$/.test(line)),
    ),
  );
  const [first, second] = outcomes.map(({ lines }) => lines.at(-1));
  assert.equal(first, second);
  const { lines } = await acquire(["helm", "redis"], {}, false).outcome;
  assert.deepEqual(lines, [first]);
});

test("a killed build leaves no go process and no half binary, keeps what was finished, and the next run goes on", async () => {
  await fakeGo(`case $2 in *redis*) echo binary > "$2" ;; *) echo half > "$2"; echo $$ > ${join(folder, "pid")}; sleep 60 ;; esac`);
  const { child, outcome } = acquire(["redis", "helm"]);
  while (!existsSync(join(folder, "pid"))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await outcome;
  const pid = Number(await readFile(join(folder, "pid"), "utf8"));
  for (const deadline = Date.now() + 5000; isAlive(pid);) {
    assert.ok(Date.now() < deadline, "go still runs");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await fakeGo(`echo binary > "$2"`);
  const next = await acquire(["redis", "helm"]).outcome;
  assert.equal(next.code, 0);
  assert.deepEqual(
    (await calls()).map((call) => /redis|helm/.exec(call.split(" ").at(-1) ?? "")?.[0]),
    ["redis", "helm", "helm"],
  );
  const { helm } = JSON.parse(next.lines.at(-1) ?? "");
  assert.equal(await readFile(helm, "utf8"), "binary\n");
  const left = (await readdir(join(folder, "cache", "parts"), { recursive: true })).filter((path) => path.includes("build-"));
  assert.deepEqual(left, []);
});

test("a build that fails says what to check, and shows the compiler's last lines", async () => {
  await fakeGo(`echo "go: downloading noise" >&2; echo "dial tcp: no route to host" >&2; exit 1`);
  const { code, lines } = await acquire(["helm"]).outcome;
  assert.equal(code, 1);
  assert.match(
    lines.join("\n"),
    /Building helm from .* failed\. Check .*GOPROXY.*set RELEASE_CONDUCTOR_HELM to a binary\.\ndial tcp: no route to host$/,
  );
});

test("three who want the lock at once, in one process, have it one after another", async () => {
  const path = join(folder, "locks", "lock");
  const order: string[] = [];
  const turn = (name: string) =>
    withLock(
      path,
      () => undefined,
      async () => {
        order.push(`${name} begins`);
        await setImmediate();
        order.push(`${name} ends`);
      },
    );
  await Promise.all(["a", "b", "c"].map(turn));
  const names = order.filter((_, index) => index % 2 === 0).map((line) => line.split(" ", 1)[0]);
  assert.deepEqual(
    order,
    names.flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  assert.deepEqual(
    names.toSorted((a, b) => (a ?? "").localeCompare(b ?? "")),
    ["a", "b", "c"],
  );
  assert.deepEqual(await readdir(join(folder, "locks")), []);
});
