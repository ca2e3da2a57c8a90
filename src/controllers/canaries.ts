import { ANALYSIS_RUNS, ROLLOUTS } from "#argo/application.ts";
import { unasked, type Projected } from "#argo/read.ts";
import type { RolloutName } from "#argo/resources.ts";
import { analysisOf, canaryOf } from "#argo/rollouts.ts";
import type { Analysis, Canary, Rollout } from "#engine/observation.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object, type Resource } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";
import type { Place } from "./sightings.ts";

/** How often the Rollouts of an Application are asked at most, in milliseconds; its controller says nothing of each step to Argo CD. */
const PACE = 5000;
/** The same when the Application looks different. */
const HURRY = 1000;
/** The same where there is no right to, or nothing to ask. */
const REFUSED = 60_000;
/** What nobody has looked at for so long is forgotten. */
const FORGOTTEN = 600_000;

interface Entry {
  readonly place: Place;
  known: readonly Rollout[];
  /** Version of the Application that they were asked for. */
  version: string;
  askedAt: number;
  asking: boolean;
  refused: boolean;
  usedAt: number;
}

/**
 * How far the Rollouts of Applications in flight are. To read them is an optional right: without it, where Argo Rollouts is not
 * installed, and where Argo CD deploys to another cluster than its own, only their names are known.
 */
export class Canaries {
  readonly #entries = new WeakMap<Instance<Projected>, Map<string, Entry>>();
  readonly #changed: (place: Place) => void;
  readonly #signal: AbortSignal;

  /** `changed` is called for every place whose Rollouts turned out to be further than it was told. */
  constructor(changed: (place: Place) => void, signal: AbortSignal) {
    this.#changed = changed;
    this.#signal = signal;
  }

  /** The Rollouts of `app` at `now`, as far as is known. Asks in the background; never throws. */
  rollouts(instance: Instance<Projected>, place: Place, app: Projected, now: number): readonly Rollout[] {
    const entries = this.#entries.get(instance) ?? new Map<string, Entry>();
    this.#entries.set(instance, entries);
    const key = `${place.application.namespace}/${place.application.name}`;
    if (app.rollouts.length === 0 || !isLocal(app) || app.rest.health.status === "Healthy") {
      entries.delete(key);
      return app.rollouts.map(unasked);
    }
    const entry = entries.get(key) ?? newEntry(place);
    if (!entries.has(key)) forget(entries, now);
    entries.set(key, entry);
    entry.usedAt = now;
    const pace = entry.refused ? REFUSED : entry.version === app.resourceVersion ? PACE : HURRY;
    if (!entry.asking && (entry.askedAt > now || entry.askedAt + pace <= now)) void this.#ask(entry, instance, app, now);
    const asked = entry.version === app.resourceVersion ? "Since" : "Before";
    return app.rollouts.map((one) => {
      const known = entry.known.find((other) => isSame(one, other));
      if (known !== undefined) return { ...known, asked };
      // It is being asked, or did not answer: it is worth another look.
      return entry.refused ? unasked(one) : { ...unasked(one), asked: "Before" };
    });
  }

  async #ask(entry: Entry, instance: Instance<Projected>, app: Projected, now: number): Promise<void> {
    entry.asking = true;
    entry.askedAt = now;
    const before = entry.known;
    const answers = await Promise.all(
      app.rollouts.map((one) =>
        this.#rollout(
          instance,
          one,
          before.find((other) => isSame(one, other)),
        ),
      ),
    );
    entry.asking = false;
    if (this.#signal.aborted) return;
    // Where nobody answered, what was known stays, and stays of the version that it was of.
    if (answers.some((answer) => answer === "Silent")) return;
    const known = answers.filter((answer) => typeof answer === "object");
    entry.refused = known.length === 0;
    const isNews = JSON.stringify(known) !== JSON.stringify(before) || (known.length > 0 && entry.version !== app.resourceVersion);
    entry.version = app.resourceVersion;
    entry.known = known;
    if (isNews) this.#changed(entry.place);
  }

  async #rollout(
    instance: Instance<Projected>,
    { namespace, name }: RolloutName,
    before: Rollout | undefined,
  ): Promise<Rollout | "Refused" | "Silent"> {
    const raw = await this.#get(instance, ROLLOUTS, namespace, name);
    if (typeof raw === "string") return raw;
    const canary = canaryOf(raw);
    if (canary === undefined) return { namespace, name, canary, asked: "Since" };
    const analyses = await Promise.all(
      followed(canary, before?.canary).map(async (one): Promise<Analysis> => {
        if (one.name === "") return one;
        const answer = await this.#get(instance, ANALYSIS_RUNS, namespace, one.name);
        return (typeof answer === "string" ? undefined : analysisOf(answer, one.name)) ?? one;
      }),
    );
    return { namespace, name, canary: { ...canary, analyses }, asked: "Since" };
  }

  async #get(
    instance: Instance<Projected>,
    resource: Resource,
    namespace: string,
    name: string,
  ): Promise<KubeObject | "Refused" | "Silent"> {
    try {
      return await instance.client.get<KubeObject>(object(resource, namespace, name), this.#signal);
    } catch (error) {
      return failed(error, "Forbidden", "NotFound", "Unauthorized", "Invalid") ? "Refused" : "Silent";
    }
  }
}

/** Whether Argo CD deploys it to its own cluster, whose API server we ask. */
export function isLocal({ destination: { server, name } }: Projected): boolean {
  return server === "https://kubernetes.default.svc" || (server === "" && name === "in-cluster");
}

/** A canary that is aborted names its AnalysisRuns no more: those that were seen before say why. */
function followed(canary: Canary, before: Canary | undefined): readonly Analysis[] {
  if (canary.analyses.length > 0 || canary.abort === undefined) return canary.analyses;
  return before?.analyses ?? [];
}

function isSame(a: RolloutName, b: RolloutName): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function newEntry(place: Place): Entry {
  return { place, known: [], version: "", askedAt: -Infinity, asking: false, refused: false, usedAt: 0 };
}

function forget(entries: Map<string, Entry>, now: number): void {
  for (const [key, { usedAt }] of entries) if (usedAt + FORGOTTEN < now) entries.delete(key);
}
