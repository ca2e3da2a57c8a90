import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { conductor, type Said } from "../terminal.ts";

/** A folder of files for one test, which may be a git repository. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "conductor-values-"));

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.write(files);
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return this;
  }

  link(path: string, to: string): this {
    symlinkSync(to, join(this.folder, path));
    return this;
  }

  /** Commits all there is, and gives the commit. */
  commit(tag?: string): string {
    this.git("init", "--quiet");
    this.git("add", "--all");
    this.git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--allow-empty", "--message", "x");
    if (tag !== undefined) this.git("tag", tag);
    return this.git("rev-parse", "HEAD").trim();
  }

  git(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: this.folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Runs `conductor values` with the chart in the folder `chart`, and an Environment. What is of the machine is written as HERE. */
  async values(manifest: string, ...args: readonly string[]): Promise<Said> {
    this.write({ "environment.yaml": manifest });
    const at = ["--chart", join(this.folder, "chart"), "-f", join(this.folder, "environment.yaml")];
    const { code, out, err } = await conductor("values", ...args, ...at);
    return { code, out: out.replaceAll(this.folder, "HERE"), err: err.replaceAll(this.folder, "HERE") };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

export const CHART = { "chart/Chart.yaml": "apiVersion: v2\nname: checkout\nversion: 0.1.0\n", "chart/values.yaml": "replicas: 1\n" };

/** An Environment in YAML; `helm` in flow style. */
export function environment(helm: string, clusters = "[{name: a}, {name: b}]", more = ""): string {
  return `apiVersion: conductor.dev/v1alpha1
kind: Environment
metadata: {name: production}
spec:
  clusters: ${clusters}
  ${more}
  application:
    targetRevision: "{{revision}}"
    helm: ${helm}
`;
}
