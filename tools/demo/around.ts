import { acquire } from "#plane/parts.ts";
import { CLUSTERS } from "./environments.ts";
import type { Person } from "#test/scene/people.ts";
import { alice, bob, mary, type Setting } from "./setting.ts";

/** Says what there is to try, and waits for `ended`. */
export async function lookAround({ scene, revisions }: Setting, say: (text: string) => void, ended: Promise<void>): Promise<void> {
  const { kubectl } = await acquire(["kubectl"], () => undefined);
  const as = ({ name, groups: [group = ""] }: Person): string => `--as ${name} --as-group ${group}`;
  const patch = (name: string, change: object): string => `${name} --type merge \\\n      -p '${JSON.stringify(change)}'`;
  const approve = (name: string, more: object = {}): string =>
    patch("releaseapproval NAME", { spec: { decisions: { [name]: { decision: "Approve", ...more } } } });
  const hour = (hours: number): string => `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19)}Z`;
  const release = (version: string, environment: string): string =>
    `  kubectl ${as(alice)} patch ${patch(`servicerelease checkout.${environment}`, { spec: { revision: version } })}`;
  say(
    [
      "Look around with kubectl; everything goes away with Ctrl-C.",
      `  management   export KUBECONFIG=${scene.home.kubeconfig}`,
      ...CLUSTERS.map((cluster) => `  ${cluster.padEnd(12)} export KUBECONFIG=${scene.cluster(cluster).kubeconfig}`),
      "",
      `  alias kubectl="${kubectl} --namespace team-a"`,
      "  kubectl get servicereleases -o wide",
      "  kubectl describe servicerelease checkout.production",
      "  kubectl get releaseruns -o yaml",
      "  kubectl get analysisruns -o yaml",
      "  kubectl --namespace argocd get applications               (in one of the clusters)",
      "  kubectl --namespace default get rollouts,replicasets      (there, too)",
      "",
      "Freeze production, from now for an hour:",
      // Not indented, as the shell wants its end.
      "kubectl apply -f - <<EOF",
      "apiVersion: conductor.dev/v1alpha1",
      "kind: FreezeWindow",
      "metadata: {name: demo}",
      "spec:",
      "  reason: the demo",
      "  environments: [production]",
      `  from: "${hour(-1 / 60)}"`,
      `  to: "${hour(1)}"`,
      "EOF",
      "Release v3, which is good. Staging takes it; production waits, and says for what:",
      release(revisions.v3, "staging"),
      release(revisions.v3, "production"),
      "  kubectl get servicereleases,releaseapprovals,freezewindows",
      "Let it through the freeze, by the ReleaseApproval that has no wave; that takes a right of its own:",
      `  kubectl ${as(mary)} patch ${approve(mary.name, { reason: "it is only a demo" })}`,
      "And approve of the rest, by the one that has a wave, when the first cluster has been good:",
      `  kubectl ${as(bob)} patch ${approve(bob.name)}`,
      "",
      "Go back to v1 from the newest RUN, at once, since it was verified before: no gates, no waves:",
      `  kubectl annotate servicerelease checkout.production \\\n      conductor.dev/rollback-to=RUN/${revisions.v1}`,
    ].join("\n"),
  );
  // Nothing else may keep the process awake.
  const hold = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(hold);
}
