import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `conductor` as people install it: the tarball of `npm run pack`, in a folder that knows nothing of this project. */
export class InstalledCli {
  /** Empty but for it. */
  readonly folder: string;
  /** In which npm, the shebang and a shell find it and this Node; nothing else of ours is in there. */
  readonly env: Readonly<Record<string, string>>;
  readonly #temporary: string;

  private constructor(temporary: string) {
    this.#temporary = temporary;
    this.folder = join(temporary, "home");
    const path = [join(this.folder, "node_modules", ".bin"), dirname(process.execPath), process.env["PATH"] ?? ""];
    this.env = { HOME: temporary, PATH: path.join(delimiter), npm_config_cache: join(temporary, "cache") };
  }

  /** Packs and installs it. Nothing listens where the registry would be: whatever is asked of one fails. */
  static install(): InstalledCli {
    const temporary = mkdtempSync(join(tmpdir(), "release-conductor-cli-"));
    const cli = new InstalledCli(temporary);
    try {
      mkdirSync(cli.folder);
      writeFileSync(join(cli.folder, "package.json"), "{}");
      cli.#must(process.execPath, join(root, "tools", "pack", "main.ts"), temporary);
      const [tarball = ""] = readdirSync(temporary).filter((file) => file.endsWith(".tgz"));
      cli.#must("npm", "install", "--offline", "--registry", "http://127.0.0.1:9", "--no-audit", "--no-fund", join(temporary, tarball));
      return cli;
    } catch (error) {
      cli.remove();
      throw error;
    }
  }

  run(program: string, ...args: readonly string[]): Ended {
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: this.folder, env: this.env, encoding: "utf8" });
    if (error !== undefined) throw error;
    return { code: status, out: stdout, err: stderr };
  }

  #must(program: string, ...args: readonly string[]): void {
    const { code, out, err } = this.run(program, ...args);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed (exit code ${code}):\n${out}${err}`);
  }

  remove(): void {
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}
