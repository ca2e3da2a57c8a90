import { acquire } from "#plane/parts.ts";
import { CLUSTERS } from "./environments.ts";
import type { Person } from "#test/scene/people.ts";
import { alice, bob, mary, type Setting } from "./setting.ts";

/** Says what there is to try, and waits for `ended`. */
export async function lookAround({ scene, revisions }: Setting, say: (text: string) => void, ended: Promise<void>): Promise<void> {
  const { kubectl } = await acquire(["kubectl"], () => undefined);
  const as = ({ name, groups: [group = ""] }: Person): string => `--as ${name} --as-group ${group}`;
  say(
    [
      "Look around; everything goes away with Ctrl-C. In another terminal, in this folder:",
      `  export KUBECONFIG=${scene.home.kubeconfig}`,
      '  alias conductor="npm run --silent conductor -- --namespace team-a"',
      "  conductor status",
      "  conductor status checkout.production",
      "  conductor history checkout.production",
      "  conductor explain checkout.production",
      "  conductor clusters",
      "  conductor doctor",
      "",
      "Freeze production, from now for an hour:",
      "  conductor freeze demo --reason 'the demo' --for 1h --environment production",
      "Release v3, which is good. Staging takes it; production waits, and says for what:",
      `  conductor plan checkout.production --revision ${revisions.v3}`,
      ...(["staging", "production"] as const).map(
        (environment) => `  conductor deploy checkout.${environment} --revision ${revisions.v3} ${as(alice)} --no-wait`,
      ),
      "  conductor status checkout.production --watch",
      "Let it through the freeze; that takes a right of its own:",
      `  conductor approve checkout.production --freeze demo --reason 'it is only a demo' ${as(mary)}`,
      "And approve of the rest, when the first cluster has been good:",
      `  conductor approve checkout.production ${as(bob)}`,
      "Go back to v1 at once, since it was verified before: no gates, no waves:",
      `  conductor rollback checkout.production --to ${revisions.v1}`,
      "",
      `What lies below it, with ${kubectl}:`,
      "  kubectl --namespace team-a get servicereleases,releaseruns,releaseapprovals,freezewindows,analysisruns",
      ...CLUSTERS.map(
        (cluster) => `  kubectl --kubeconfig ${scene.cluster(cluster).kubeconfig} get applications,rollouts,replicasets -A   # ${cluster}`,
      ),
    ].join("\n"),
  );
  // Nothing else may keep the process awake.
  const hold = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(hold);
}
