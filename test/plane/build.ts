import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, rename } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { type Part, type Sources, moduleFolder } from "./catalogue.ts";
import { run } from "./command.ts";
import { Guard } from "./guard.ts";
import { type Progress, duration } from "./progress.ts";

/** The figures in the catalogue are from 2 cores; compiling scales with cores, downloading and linking do not. */
const expected = (part: Part) => part.coldSeconds * Math.max(0.3, Math.min(1.5, 2 / availableParallelism()));

const environment = (): Record<string, string> => {
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  // For this machine, whatever the developer is cross-compiling elsewhere.
  for (const key of ["GOOS", "GOARCH"]) delete env[key];
  return {
    ...env,
    GOTOOLCHAIN: "auto",
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly -buildvcs=false",
    GOWORK: "off",
  };
};

/** Undefined when there is no Go that can fetch the toolchain that the modules ask for (1.21 was the first). */
export async function goVersion(): Promise<string | undefined> {
  const version = await run("go", ["version"], environment()).catch(() => "");
  const [, minor] = /go1\.(\d+)/.exec(version) ?? [];
  return Number(minor ?? 0) >= 21 ? version.trim() : undefined;
}

export interface Build {
  readonly part: Part;
  readonly target: string;
}

/** One after the other, each moved into the cache when it is whole: what a stopped run has built stays. */
export async function buildAll(builds: readonly Build[], progress: Progress): Promise<void> {
  const total = builds.reduce((sum, { part }) => sum + expected(part), 0);
  progress(
    `parts: ${builds.length} to build from Go modules (once, then cached), about ${duration(total)} when Go has nothing cached: ${builds.map(({ part }) => part.name).join(" ")}.`,
  );
  const started = Date.now();
  for (const [index, build] of builds.entries()) {
    const before = Date.now();
    const left = builds.slice(index + 1).reduce((sum, { part }) => sum + expected(part), 0);
    const say = () => {
      const seconds = (Date.now() - before) / 1000;
      const about = expected(build.part);
      const figure =
        seconds <= about
          ? `${duration(seconds)} of about ${duration(about)}`
          : `${duration(seconds)}, longer than the ${duration(about)} expected`;
      progress(
        `parts: building ${build.part.name} (${index + 1} of ${builds.length}), ${figure}${left > 0 ? `, then about ${duration(left)} for the rest` : ""}`,
      );
    };
    say();
    const ticker = setInterval(say, 1000);
    try {
      await goBuild(build);
    } finally {
      clearInterval(ticker);
    }
  }
  progress(`parts: built ${builds.length} in ${duration((Date.now() - started) / 1000)}.`);
}

async function goBuild({ part, target }: Build): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  // Beside the target, so that the binary can be moved there whole.
  const folder = await mkdtemp(`${dirname(target)}.build-`);
  // go build ends with us, and its half-made files go, however we end.
  const guard = new Guard(folder);
  try {
    const output = join(folder, part.name);
    const child = spawn("go", ["build", "-trimpath", "-ldflags", part.ldflags, "-o", output, part.package], {
      cwd: moduleFolder(part.module),
      env: { ...environment(), GOTMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    if (child.pid !== undefined) guard.add(child.pid);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const [code] = await once(child, "close");
    if (code !== 0) {
      const lines = errors.split("\n").filter((line) => line !== "" && !line.startsWith("go: downloading"));
      throw new Error(
        `Building ${part.name} from ${part.package} failed. Check that Go's module proxy (GOPROXY) can be reached and that the disk has 10 GB free, then run this again: it goes on where it stopped. Or set ${part.variable} to a binary.\n${lines.slice(-15).join("\n")}`,
      );
    }
    await chmod(output, 0o755);
    await rename(output, target);
  } finally {
    await guard.end();
  }
}

/** Copies what comes with a module's source, whole or not at all. */
export async function copySources({ module, folder, files }: Sources, part: Part, target: string): Promise<void> {
  const answer = await run("go", ["-C", moduleFolder(part.module), "mod", "download", "-json", module], environment());
  const [, source] = /"Dir": "(.*)"/.exec(answer) ?? [];
  if (source === undefined) throw new Error(`go mod download says nothing of ${module}: ${answer}`);
  const copy = `${target}.${process.pid}.new`;
  for (const file of files) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(source, folder, file), join(copy, file));
    // Go keeps its modules read-only.
    await chmod(join(copy, file), 0o644);
  }
  await rename(copy, target);
}
