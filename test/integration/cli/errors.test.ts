import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stringify } from "yaml";
import type { Cluster } from "#plane/cluster.ts";
import { Plane } from "#plane/plane.ts";
import { startCli, type Ran } from "#test/scene/running-cli.ts";
import { manifests } from "#test/scene/manifests.ts";

const NAME = "checkout.production";
const GOOD = "1".repeat(40);
const folder = mkdtempSync(join(tmpdir(), "conductor-cli-"));

let plane: Plane;
let home: Cluster;
/** An API server on which nobody has installed the conductor's definitions. */
let bare: Cluster;

const host = (cluster: Cluster): string => new URL(cluster.url).host;

/** A file with a kubeconfig. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function config(cluster: Cluster, user = "admin", url?: string): string {
  return file(`${cluster.name}-${user}`, cluster.kubeconfigFor(user, url));
}

async function conductor(args: readonly string[], kubeconfig = config(home), input = ""): Promise<Ran> {
  return startCli([...args, "--kubeconfig", kubeconfig], {}, input).ended;
}

/** Exit code 2, nothing on standard output, and this one line. */
async function fails(args: readonly string[], kubeconfig: string, line: string): Promise<void> {
  assert.deepEqual(await conductor(args, kubeconfig), { code: 2, out: "", err: `${line}\n` });
}

before(async () => {
  plane = await Plane.start();
  [home, bare] = await Promise.all([plane.cluster("management", { users: ["nobody", "ci"] }), plane.cluster("bare")]);
  await home.apply(["servicereleases", "releaseruns", "environments"].flatMap((plural) => manifests(`crds/conductor.dev_${plural}.yaml`)));
  for (const cluster of [home, bare]) await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: "team-a" } }]);
  await home.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd/servicereleases.conductor.dev"]);
  await home.allow("ci", [{ apiGroups: ["conductor.dev"], resources: ["servicereleases"], verbs: ["get"] }], "team-a");
});
after(async () => {
  await plane.stop();
  rmSync(folder, { recursive: true });
});

suite("what keeps a command from the API server is one line that says what to do", () => {
  test("an unknown flag", async () => {
    const { code, out, err } = await conductor(["status", "--namespaces", "team-a"]);
    assert.deepEqual([code, out, err], [2, "", "error: unknown option '--namespaces'\n(Did you mean --namespace?)\n"]);
  });

  test("a right that is missing, with the command that checks it", async () => {
    await fails(
      ["status", "-n", "team-a"],
      config(home, "nobody"),
      "you may not list servicereleases in namespace team-a: ask for a Role with the verb list on servicereleases.conductor.dev (kubectl auth can-i list servicereleases.conductor.dev -n team-a)",
    );
    await fails(
      ["status", NAME, "-n", "team-a"],
      config(home, "nobody"),
      `you may not get ServiceRelease ${NAME} in namespace team-a: ask for a Role with the verb get on servicereleases.conductor.dev (kubectl auth can-i get servicereleases.conductor.dev -n team-a)`,
    );
    await fails(
      ["status", "-A"],
      config(home, "nobody"),
      "you may not list servicereleases in all namespaces: ask for a ClusterRole with the verb list on servicereleases.conductor.dev (kubectl auth can-i list servicereleases.conductor.dev -A)",
    );
  });

  test("a right that is missing for what a deploy writes", async () => {
    await fails(
      ["deploy", NAME, "--revision", GOOD, "-n", "team-a"],
      config(home, "ci"),
      `you may not patch ServiceRelease ${NAME} in namespace team-a: ask for a Role with the verbs create and patch on servicereleases.conductor.dev (kubectl auth can-i patch servicereleases.conductor.dev -n team-a)`,
    );
  });

  test("a credential that is not accepted", async () => {
    const wrong = home.kubeconfigFor("admin").replace(home.token("admin"), "wrong");
    await fails(
      ["status", "-n", "team-a"],
      file("wrong", wrong),
      `the API server ${host(home)} does not accept your credential: log in again (kubectl auth whoami must work)`,
    );
  });

  test("an API server that does not answer", async () => {
    await fails(
      ["status", "-n", "team-a"],
      config(home, "admin", "https://127.0.0.1:1"),
      "the API server 127.0.0.1:1 cannot be asked: connection refused by 127.0.0.1:1. Check the network, and the cluster that --context chooses",
    );
  });

  test("an API server that is not the one it should be", async () => {
    const other = home.kubeconfigFor("admin").replace(/certificate-authority-data: .*/, "");
    await fails(
      ["status", "-n", "team-a"],
      file("untrusted", other),
      `the API server ${host(home)} is not trusted: the server's certificate is not signed by the given CA (${host(home)}, SELF_SIGNED_CERT_IN_CHAIN). Correct the cluster's CA in the kubeconfig`,
    );
  });

  test("definitions that are not installed", async () => {
    const line = `the API server ${host(bare)} knows no servicereleases (conductor.dev/v1alpha1): install the CRDs of release-conductor (kubectl apply -f crds/), or choose another cluster with --context`;
    for (const args of [["status"], ["status", NAME], ["deploy", NAME, "--revision", GOOD], ["wait", NAME]])
      await fails([...args, "-n", "team-a"], config(bare), line);
  });

  test("a release that is not there", async () => {
    await fails(
      ["wait", NAME, "--revision", GOOD, "-n", "team-a"],
      config(home),
      `there is no ServiceRelease ${NAME} in namespace team-a: conductor status lists what there is, -n chooses another namespace`,
    );
  });

  test("a context that is not there", async () =>
    fails(["status", "--context", "moon"], config(home), "there is no context moon in the kubeconfig: there is management"));

  test("a kubeconfig that is not there", async () =>
    fails(["status"], join(folder, "nowhere"), `--kubeconfig ${join(folder, "nowhere")}: there is no such file`));

  test("a kubeconfig without a current context", async () =>
    fails(
      ["status"],
      file("none", home.kubeconfigFor("admin").replace(/current-context: .*/, "current-context: ''")),
      "the kubeconfig has no current context: choose one with --context (management)",
    ));

  test("no kubeconfig at all", async () => {
    const { code, out, err } = await startCli(["status"], { KUBECONFIG: join(folder, "nowhere") }).ended;
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^[^\n]*nowhere[^\n]*\n$/);
    assert.deepEqual(await startCli(["status"]).ended, {
      code: 2,
      out: "",
      err: "no kubeconfig was found: set KUBECONFIG, or give --kubeconfig FILE\n",
    });
  });

  const BROKEN: readonly (readonly [what: string, text: string])[] = [
    ["no YAML", "clusters: [\n"],
    ["no kubeconfig", "- 1\n- 2\n"],
    ["empty", ""],
    [
      "without a user",
      stringify({
        clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1" } }],
        contexts: [{ name: "a", context: { cluster: "a", user: "gone" } }],
        "current-context": "a",
      }),
    ],
    [
      "with a certificate that is none",
      stringify({
        clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1", "certificate-authority-data": "bm9uZQ==" } }],
        users: [{ name: "a", user: { token: "secret-token" } }],
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        "current-context": "a",
      }),
    ],
  ];
  for (const [what, text] of BROKEN)
    test(`a kubeconfig that is ${what}`, async () => {
      const { code, out, err } = await conductor(["status"], file("broken", text));
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /^[^\n]+\n$/);
      assert.doesNotMatch(err, /secret-token|\bat \S+:\d+/);
    });
});

suite("a deploy declares by server-side apply", () => {
  const deploy = (...args: readonly string[]): Promise<Ran> => conductor(["deploy", "-n", "team-a", "--no-wait", ...args]);
  const spec = async (name: string): Promise<unknown> =>
    (await home.get<{ readonly spec: unknown }>(`/apis/conductor.dev/v1alpha1/namespaces/team-a/servicereleases/${name}`)).spec;

  test("it creates what is not there, and changes what is", async () => {
    const name = "cart.production";
    const first = await deploy(name, "--revision", GOOD, "--clusters", "eu-west-1");
    assert.equal(first.code, 0);
    assert.match(first.out, /^\S+ cart.production is created at revision 111111111111\n$/);
    assert.deepEqual(await spec(name), {
      service: "cart",
      environment: "production",
      revision: GOOD,
      clusters: ["eu-west-1"],
      paused: false,
    });
    const second = await deploy(name, "--revision", "2".repeat(40));
    assert.match(second.out, /is changed from revision 111111111111 to 222222222222\n$/);
    // What it declared before and does not now is gone: all clusters are meant again.
    assert.deepEqual(await spec(name), { service: "cart", environment: "production", revision: "2".repeat(40), paused: false });
    assert.match(
      (await deploy(name, "--revision", "2".repeat(40))).out,
      /is wanted at revision 222222222222 already: nothing was changed\n$/,
    );
  });

  test("what a GitOps tool declares is not taken from it by the way", async () => {
    const manifest = {
      apiVersion: "conductor.dev/v1alpha1",
      kind: "ServiceRelease",
      metadata: { name: "search.production", namespace: "team-a" },
      spec: { service: "search", environment: "production", revision: GOOD },
    };
    await home.kubectl(["apply", "--server-side", "--field-manager=argocd-controller", "-f", "-"], JSON.stringify(manifest));
    const refused = await deploy("search.production", "--revision", "2".repeat(40));
    assert.deepEqual(refused, {
      code: 2,
      out: "",
      err: "ServiceRelease search.production in namespace team-a is declared by argocd-controller (.spec.revision): change it there, or take it over with --force-conflicts\n",
    });
    const forced = await deploy("search.production", "--revision", "2".repeat(40), "--force-conflicts");
    assert.equal(forced.code, 0);
    assert.deepEqual(await spec("search.production"), {
      service: "search",
      environment: "production",
      revision: "2".repeat(40),
      paused: false,
    });
  });

  test("what the definitions refuse is said in their words", async () => {
    assert.deepEqual(await deploy(NAME, "--revision", "4af8de6"), {
      code: 2,
      out: "",
      err: `ServiceRelease ${NAME} in namespace team-a was refused: spec: revision 4af8de6 is a short hash: write all 40 hex digits (git rev-parse 4af8de6)\n`,
    });
  });

  test("a manifest can be piped in", async () => {
    const manifest = stringify({
      apiVersion: "conductor.dev/v1alpha1",
      kind: "ServiceRelease",
      metadata: { name: "mail.production", namespace: "team-a" },
      spec: { service: "mail", environment: "production", revision: GOOD },
    });
    const { code, out } = await conductor(["deploy", "-f", "-", "--no-wait"], config(home), manifest);
    assert.equal(code, 0);
    assert.match(out, /mail.production is created/);
  });

  test("Ctrl-C leaves the release as it is, and says so", async () => {
    const running = startCli(["deploy", "late.production", "--revision", GOOD, "-n", "team-a", "--kubeconfig", config(home)]);
    for (
      const end = Date.now() + 30_000;
      !running.written.some(([, text]) => text.includes("is declared"));
      await new Promise((resolve) => setTimeout(resolve, 50))
    )
      if (Date.now() > end) throw new Error("it says nothing");
    running.interrupt();
    const { code, out } = await running.ended;
    assert.equal(code, 130);
    assert.match(out, /Interrupted \(exit code 130\): interrupted; the release goes on as it is \(conductor status late.production\)\n$/);
  });
});
