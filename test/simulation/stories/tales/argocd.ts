import { argoSays, holds, targetIs, waveIs } from "../language/moments.ts";
import { story, type Story } from "../story.ts";
import { AT_ONCE } from "./traits.ts";

const ONE_WAVE = { minSuccessTime: "30s", progressDeadline: "5m" } as const;

/** Argo CD says many things, and sometimes nothing. */
export const argocd: readonly Story[] = [
  story(
    "a revision that cannot be rendered has failed at the deadline",
    {
      shows:
        "Argo CD shows the requested revision and Healthy beside the error, so that only the condition tells the truth. An error may pass, therefore it counts at the deadline.",
      strategy: ONE_WAVE,
      traits: [
        {
          revision: "2",
          says: "cannot be rendered",
          how: { comparison: { kind: "Error", message: "helm template failed: values.yaml: line 7" } },
        },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a sync that fails is not waited for",
    {
      shows:
        "Argo CD tries five times. When it has given up the target has failed at once: no deadline is waited for. Going back needs a sync that the conductor asks for, because Argo CD does not sync by itself after a failure.",
      strategy: { minSuccessTime: "10s" },
      traits: [
        { revision: "2", says: "cannot be applied", how: { sync: { kind: "Fails", message: "admission webhook denied the request" } } },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a revision that renders the same manifests is verified without a sync",
    {
      shows:
        "22222222 changes nothing that Argo CD deploys: there is nothing to sync, and no operation ever names the revision. The comparison is the evidence.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      traits: [{ revision: "2", says: "renders what 11111111 renders", how: { rendersAs: "1".repeat(40) } }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "an Argo CD that stops while its wave soaks opens no gate",
    {
      shows:
        "An Application of a dead Argo CD stays Synced and Healthy for ever. Before a wave is verified, Argo CD must have looked once more: here the wave waits until it runs again.",
      strategy: { minSuccessTime: "30s" },
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.fault.stopsArgo("eu");
      await world.quietly(300);
      world.expect(waveIs("rest", "Pending"));
      world.fault.startsArgo("eu");
      await world.ends();
    },
  ),
  story(
    "an Argo CD that stops and stays so has failed at the deadline",
    {
      shows:
        "Silence at the end of the soak counts as ArgoCDSilent after progressDeadline. The values go back, but nobody carries that out: RollbackIncomplete, and us and ap were never touched.",
      strategy: ONE_WAVE,
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(waveIs("first", "Soaking"));
      world.fault.stopsArgo("eu");
      await world.ends();
    },
  ),
  story(
    "an Argo CD that was stopped before it saw the values is waited for",
    {
      shows:
        "Argo CD of eu does not run when the values are written, and starts three minutes later, before the deadline: it takes them up as if nothing had been.",
      clusters: ["eu"],
      strategy: ONE_WAVE,
    },
    async (world) => {
      world.fault.stopsArgo("eu");
      world.ci.releases("2");
      await world.until(holds("eu", "2"));
      await world.quietly(180);
      world.fault.startsArgo("eu");
      await world.ends();
    },
  ),
  story(
    "an Argo CD that was told not to look is waited for",
    {
      shows:
        "skip-reconcile is somebody's decision: the conductor does not write past it, and no deadline runs. It goes on when the annotation is gone.",
      strategy: ONE_WAVE,
    },
    async (world) => {
      world.person.annotates("eu", "argocd.argoproj.io/skip-reconcile", "true");
      world.ci.releases("2");
      await world.quietly(1800);
      world.person.annotates("eu", "argocd.argoproj.io/skip-reconcile", null);
      await world.ends();
    },
  ),
  story(
    "an Application without automated sync gets its sync with the values",
    {
      shows: "Nobody else would start the sync: the operation is part of the same write, and names the revision.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      applications: () => ({ automated: false }),
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "a sync window on an operation of ours is waited for",
    {
      shows: "The window stays closed for half an hour, twice the deadline, which does not run meanwhile.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      applications: () => ({ automated: false }),
    },
    async (world) => {
      world.platform.closesWindow("eu");
      world.ci.releases("2");
      await world.quietly(1800);
      world.platform.opensWindow("eu");
      await world.ends();
    },
  ),
  story(
    "somebody else's sync is waited for",
    {
      shows:
        "There is one slot for operations. A person's sync of eu takes a while; ours would be lost, so the conductor does not even write the values before it is over.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      applications: () => ({ automated: false }),
      traits: [{ revision: "1", says: "takes more than 20 minutes to sync", how: { sync: { kind: "Succeeds", takes: 1_200_000 } } }],
    },
    async (world) => {
      world.person.syncs("eu", "1");
      await world.until(argoSays("eu", "Synced"));
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "somebody else's sync to another revision does not count as ours",
    {
      shows:
        "A person syncs eu back to 11111111 by hand right after the patch: the values are ours, what runs is not. Argo CD syncs again by itself when that is over, and only then eu is ready.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      traits: [{ revision: "1", says: "takes more than 20 minutes to sync", how: { sync: { kind: "Succeeds", takes: 1_200_000 } } }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(holds("eu", "2"));
      world.person.syncs("eu", "1");
      await world.ends();
    },
  ),
  story(
    "a canary that waits for a person is waited for",
    {
      shows: "Suspended is not success and not failure: no deadline runs while a canary is paused.",
      strategy: { ...AT_ONCE, progressDeadline: "5m" },
      clusters: ["eu"],
      traits: [
        {
          revision: "2",
          says: "pauses its canary for 20 minutes",
          how: {
            health: [
              { after: 1000, status: "Suspended", message: "CanaryPauseStep" },
              { after: 1_200_000, status: "Healthy" },
            ],
          },
        },
      ],
    },
    async (world) => {
      world.ci.releases("2");
      await world.ends();
    },
  ),
  story(
    "what only waits to be pruned is named so, and pruned by a person",
    {
      shows:
        "The Application does not prune by itself, and 22222222 leaves a resource behind: NeedsPrune says what to do, and it is done before the deadline.",
      clusters: ["eu"],
      strategy: { minSuccessTime: "0s" },
      traits: [{ revision: "2", says: "leaves a ConfigMap behind", how: { sync: { kind: "NeedsPrune" } } }],
    },
    async (world) => {
      world.ci.releases("2");
      await world.until(targetIs("eu", "Syncing"));
      await world.passes(60);
      world.person.syncs("eu", "2", { prune: true });
      await world.ends();
    },
  ),
];
