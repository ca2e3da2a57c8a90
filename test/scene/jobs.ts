import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { Cluster } from "#plane/cluster.ts";
import { InstalledCli, type Ended } from "./cli.ts";
import { expanded, gitlabJob, githubSteps } from "./templates.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

export interface JobEnded {
  readonly code: number | null;
  /** What both of its streams said. */
  readonly out: string;
  /** Of the step that deploys. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** One job, in a folder of its own. */
export interface Job {
  readonly ended: Promise<JobEnded>;
  soFar(): string;
  /** As its runner sends it. */
  signal(signal: NodeJS.Signals): void;
  /** What is in a file of its folder. */
  file(name: string): string | undefined;
  /** What GitLab's after_script says for a job in that state. */
  afterScript(status: string): string;
}

type Variables = Readonly<Record<string, string>>;

/** Runs jobs as GitLab's and GitHub's runners do, with the CLI that people install and the account of examples/rbac-ci.yaml. */
export class Jobs {
  readonly #cli: InstalledCli;
  readonly #folder = mkdtempSync(join(tmpdir(), "release-conductor-jobs-"));
  readonly #token: string;
  readonly #cluster: Cluster;
  readonly #environment: string;
  readonly #tokens: Server;
  #count = 0;

  private constructor(cli: InstalledCli, cluster: Cluster, environment: string, token: string, tokens: Server) {
    this.#cli = cli;
    this.#cluster = cluster;
    this.#environment = environment;
    this.#token = token;
    this.#tokens = tokens;
    for (const name of ["gitlab", "github"]) this.#kubeconfig(name);
  }

  static async start(cluster: Cluster, namespace: string, environment: string): Promise<Jobs> {
    await cluster.apply(rightsFor(read("examples/rbac-ci.yaml"), environment));
    const account = `release-checkout-${environment}`;
    const token = (await cluster.kubectl(["create", "token", account, "--namespace", namespace, "--duration", "1h"])).trim();
    // As GitHub gives out a job's tokens.
    const tokens = createServer((request, response) => {
      const isAsked = request.headers.authorization === "Bearer of-the-job" && request.url === "/?job=1&audience=release-conductor";
      response.writeHead(isAsked ? 200 : 401).end(JSON.stringify(isAsked ? { value: token } : {}));
    });
    await new Promise<void>((resolve) => tokens.listen(0, "127.0.0.1", resolve));
    return new Jobs(InstalledCli.install(), cluster, environment, token, tokens);
  }

  /** Manifests that name checkout.production, for the environment of these jobs. */
  rights(yaml: string): readonly object[] {
    return rightsFor(yaml, this.#environment);
  }

  /** `.conductor-deploy` with the variables of a job that extends it. */
  gitlab(revision: string, variables: Variables = {}): Job {
    const job = gitlabJob();
    const env = expanded({
      ...job.variables,
      ...{ GITLAB_CI: "true", CI: "true", CI_COMMIT_SHA: revision, CONDUCTOR_TOKEN: this.#token },
      ...{ KUBECONFIG: join(this.#folder, "gitlab.kubeconfig"), SERVICE: "checkout", ENVIRONMENT: this.#environment },
      ...variables,
    });
    // gitlab-runner hands the lines to one shell, which ends with the first that fails.
    const script = ["set -eo pipefail", ...job.before_script, ...job.script].join("\n");
    return this.#run([{ script, env }], "group", (status) => this.#shell(job.after_script.join("\n"), { ...env, CI_JOB_STATUS: status }));
  }

  /** The action, step by step. conductor is there: what would install it is left out. */
  github(revision: string, inputs: Variables = {}): Job {
    const { inputs: declared } = parse(read("integrations/github/action.yml"));
    const defaults = Object.entries<{ default?: string }>(declared).map(([name, { default: value = "" }]) => [name, value]);
    const given: Variables = { ...Object.fromEntries(defaults), service: "checkout", environment: this.#environment, revision, ...inputs };
    const port = (this.#tokens.address() as { readonly port: number }).port;
    const env = {
      ...{ GITHUB_ACTIONS: "true", CI: "true", KUBECONFIG: join(this.#folder, "github.kubeconfig") },
      ...{ ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/?job=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job" },
    };
    const steps = githubSteps()
      .filter(({ run }) => run !== undefined && !run.startsWith("npm install"))
      .map(({ id, run = "", env: own = {} }) => ({ id, script: `set -eo pipefail\n${run}`, env, own }));
    const value = (text: string, outputs: Variables): string =>
      text
        .replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => given[name] ?? "")
        .replaceAll(/\$\{\{ steps\.deploy\.outputs\.([\w-]+) \}\}/g, (_, name: string) => outputs[name] ?? "");
    return this.#run(steps, "process", () => "", value);
  }

  /** `conductor` with the account's rights, in a log. */
  conductor(...args: readonly string[]): Ended {
    return this.#cli.run(
      "env",
      `KUBECONFIG=${join(this.#folder, "gitlab.kubeconfig")}`,
      `CONDUCTOR_TOKEN=${this.#token}`,
      "conductor",
      ...args,
    );
  }

  #run(
    steps: readonly { readonly id?: string | undefined; readonly script: string; readonly env: Variables; readonly own?: Variables }[],
    signalled: "group" | "process",
    afterScript: (status: string) => string,
    value: (text: string, outputs: Variables) => string = (text) => text,
  ): Job {
    this.#count += 1;
    const folder = join(this.#folder, `job-${this.#count}`);
    mkdirSync(folder);
    let out = "";
    let pid: number | undefined;
    let outputs: Variables = {};
    let cancelled = false;
    const step = (one: (typeof steps)[number], index: number): Promise<number | null> => {
      const script = join(folder, `step-${index}.sh`);
      writeFileSync(script, one.script);
      const own = Object.fromEntries(Object.entries(one.own ?? {}).map(([name, text]) => [name, value(text, outputs)]));
      const files = { GITHUB_OUTPUT: join(folder, `output-${index}`), GITHUB_STEP_SUMMARY: join(folder, "summary") };
      const child = spawn("bash", ["--noprofile", "--norc", script], {
        cwd: folder,
        env: { ...this.#cli.env, ...(one.env["GITHUB_ACTIONS"] === undefined ? {} : files), ...one.env, ...own },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      pid = child.pid;
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (out += text));
      return new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    };
    const all = async (): Promise<JobEnded> => {
      let code: number | null = 0;
      for (const [index, one] of steps.entries()) {
        if (cancelled) break;
        code = await step(one, index);
        if (one.id === "deploy") outputs = outputsIn(join(folder, `output-${index}`));
      }
      return { code, out, outputs };
    };
    return {
      ended: all(),
      soFar: () => out,
      signal: (signal) => {
        cancelled = true;
        if (pid !== undefined) process.kill(signalled === "group" ? -pid : pid, signal);
      },
      file: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined),
      afterScript,
    };
  }

  #shell(script: string, env: Variables): string {
    const { stdout } = spawnSync("bash", ["-c", script], {
      env: { ...this.#cli.env, ...env, CI_JOB_STATUS: "canceled" },
      encoding: "utf8",
    });
    return stdout;
  }

  /** The example, with this API server's address in it. */
  #kubeconfig(name: string): void {
    const config = parse(read(`examples/pipelines/kubeconfig-${name}.yaml`));
    const { url, ca } = this.#cluster;
    config.clusters[0].cluster = { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") };
    writeFileSync(join(this.#folder, `${name}.kubeconfig`), stringify(config), { mode: 0o600 });
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#tokens.close(resolve));
    this.#cli.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function rightsFor(yaml: string, environment: string): readonly object[] {
  return parseAllDocuments(yaml.replaceAll("production", environment)).map((document) => document.toJS() as object);
}

/** As GitHub reads what a step has written to GITHUB_OUTPUT. */
function outputsIn(file: string): Variables {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return Object.fromEntries(
    lines.filter((line) => line !== "").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}
