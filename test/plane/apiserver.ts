import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { auditPolicy } from "./audit.ts";
import { Client } from "./client.ts";
import { type Ports, onFreePorts } from "./ports.ts";
import type { Process, Processes } from "./process.ts";

export interface ApiServerSpec {
  readonly name: string;
  readonly binary: string;
  readonly folder: string;
  readonly etcd: string;
  /** Below which everything of this cluster is stored in the shared etcd. */
  readonly prefix: string;
  /** Bearer tokens by user name. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Members of system:masters. */
  readonly admins: readonly string[];
}

/** Where an API server keeps what it needs, and what others read. */
export const files = (folder: string) => ({
  certificate: join(folder, "pki", "apiserver.crt"),
  key: join(folder, "pki", "apiserver.key"),
  serviceAccountKey: join(folder, "sa.key"),
  tokens: join(folder, "tokens.csv"),
  policy: join(folder, "audit-policy.yaml"),
  audit: join(folder, "audit.log"),
});

export interface Server {
  readonly url: string;
  readonly ca: string;
  /** As admin. */
  readonly client: Client;
  suspend(): void;
  stop(): Promise<void>;
  /** On the same port with the same data; a suspended one goes on. */
  start(): Promise<void>;
}

export class ApiServer implements Server {
  readonly url: string;
  readonly ca: string;
  readonly client: Client;
  #process: Process;
  readonly #restart: () => Promise<Process>;

  private constructor(url: string, ca: string, client: Client, process: Process, restart: () => Promise<Process>) {
    this.url = url;
    this.ca = ca;
    this.client = client;
    this.#process = process;
    this.#restart = restart;
  }

  static async start(spec: ApiServerSpec, processes: Processes, ports: Ports): Promise<ApiServer> {
    await prepare(spec);
    return onFreePorts(ports, 1, async (port) => {
      const run = () =>
        processes.start({
          name: `${spec.name}-kube-apiserver`,
          command: spec.binary,
          args: flags(spec, port),
        });
      const process = run();
      const url = `https://127.0.0.1:${port}`;
      // It makes its serving certificate at the first start; the file holds the CA too.
      await process.ready(async () => (await readFile(files(spec.folder).certificate, "utf8")).includes("END"));
      const ca = await readFile(files(spec.folder).certificate, "utf8");
      const client = new Client(url, ca, spec.tokens.get("admin") ?? "");
      const ready = (server: Process) => server.ready(async () => (await client.request("GET", "/readyz")) === "ok");
      await ready(process);
      // Made by a controller of the API server a moment after it is ready.
      await process.ready(async () => (await client.request("GET", "/api/v1/namespaces/default")) !== undefined);
      return new ApiServer(url, ca, client, process, () => ready(run()));
    });
  }

  suspend(): void {
    this.#process.suspend();
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async start(): Promise<void> {
    if (this.#process.running) this.#process.resume();
    else this.#process = await this.#restart();
  }
}

async function prepare(spec: ApiServerSpec): Promise<void> {
  await mkdir(spec.folder, { recursive: true });
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const path = files(spec.folder);
  const secret = { mode: 0o600 };
  await writeFile(path.serviceAccountKey, privateKey, secret);
  const rows = [...spec.tokens].map(([user, token]) => `${token},${user},${user},${spec.admins.includes(user) ? '"system:masters"' : ""}`);
  await writeFile(path.tokens, `${rows.join("\n")}\n`, secret);
  const tested = [...spec.tokens.keys()].filter((user) => !spec.admins.includes(user));
  const machinery = spec.admins.filter((user) => user !== "admin");
  await writeFile(path.policy, stringify(auditPolicy(tested, machinery)));
}

function flags(spec: ApiServerSpec, port: number): readonly string[] {
  const path = files(spec.folder);
  return [
    `--etcd-servers=${spec.etcd}`,
    `--etcd-prefix=${spec.prefix}`,
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    // No machine behind it: an address for documentation (RFC 5737), and nobody keeps endpoints for it.
    "--advertise-address=192.0.2.1",
    "--endpoint-reconciler-type=none",
    `--cert-dir=${join(spec.folder, "pki")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${path.serviceAccountKey}`,
    `--service-account-signing-key-file=${path.serviceAccountKey}`,
    "--authorization-mode=RBAC",
    `--token-auth-file=${path.tokens}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--disable-admission-plugins=ServiceAccount",
    "--profiling=false",
    `--audit-policy-file=${path.policy}`,
    `--audit-log-path=${path.audit}`,
    // Never rotated: AuditLog reads on from where it was.
    "--audit-log-maxsize=100000",
  ];
}
