import type { ReleaseRun } from "#api/releaserun.ts";
import type { Reflector } from "#kube/ports.ts";
import type { Place } from "./sightings.ts";

/** The runs, by the release that owns them and by the Applications that they steer; kept current run by run. */
export class RunIndex {
  readonly #runs: Reflector<ReleaseRun>;
  readonly #byRelease = new Map<string, Map<string, ReleaseRun>>();
  readonly #releaseOf = new Map<string, string>();
  readonly #byApplication = new Map<string, Map<string, string>>();
  /** By Application, the release whose run is being made and cannot be seen yet. */
  readonly #claims = new Map<string, { readonly uid: string; readonly release: string }>();

  constructor(runs: Reflector<ReleaseRun>) {
    this.#runs = runs;
    runs.onChange((key) => this.#update(key));
    for (const run of runs.list()) this.#update(`${run.metadata.namespace}/${run.metadata.name}`);
  }

  /** The runs of one release, oldest first. */
  of(releaseUid: string): readonly ReleaseRun[] {
    return [...(this.#byRelease.get(releaseUid)?.values() ?? [])].toSorted((a, b) => numberOf(a) - numberOf(b));
  }

  /** The `namespace/name` of another release, of those in `living`, that has or makes a run which steers the Application at `place`. */
  takenBy(place: Place, releaseUid: string, living: (releaseUid: string) => boolean): string | undefined {
    const claim = this.#claims.get(applicationKey(place));
    if (claim !== undefined && claim.uid !== releaseUid && living(claim.uid)) return claim.release;
    for (const [uid, release] of this.#byApplication.get(applicationKey(place)) ?? [])
      if (uid !== releaseUid && living(uid)) return release;
    return undefined;
  }

  /** Holds Applications for a release until its run is seen, or the returned function says that there is none. */
  claim(places: readonly Place[], uid: string, release: string): () => void {
    const keys = places.map(applicationKey);
    for (const key of keys) this.#claims.set(key, { uid, release });
    return () => this.#unclaim(keys, uid);
  }

  #unclaim(keys: readonly string[], uid: string): void {
    for (const key of keys) if (this.#claims.get(key)?.uid === uid) this.#claims.delete(key);
  }

  #remove(key: string): void {
    const uid = this.#releaseOf.get(key);
    if (uid === undefined) return;
    const siblings = this.#byRelease.get(uid) ?? new Map<string, ReleaseRun>();
    const gone = siblings.get(key)?.spec.targets.map(applicationKey) ?? [];
    siblings.delete(key);
    this.#releaseOf.delete(key);
    if (siblings.size === 0) this.#byRelease.delete(uid);
    const left = new Set([...siblings.values()].flatMap(({ spec }) => spec.targets.map(applicationKey)));
    for (const app of gone) {
      const users = this.#byApplication.get(app);
      if (!left.has(app)) users?.delete(uid);
      if (users?.size === 0) this.#byApplication.delete(app);
    }
  }

  #update(key: string): void {
    const run = this.#runs.get(key);
    if (run === undefined) return this.#remove(key);
    const { uid, name } = run.spec.release;
    const siblings = this.#byRelease.get(uid) ?? new Map<string, ReleaseRun>();
    const known = siblings.has(key);
    this.#byRelease.set(uid, siblings.set(key, run));
    this.#releaseOf.set(key, uid);
    if (known) return;
    this.#unclaim(run.spec.targets.map(applicationKey), uid);
    for (const target of run.spec.targets) {
      const app = applicationKey(target);
      const users = this.#byApplication.get(app) ?? new Map<string, string>();
      this.#byApplication.set(app, users.set(uid, `${run.metadata.namespace}/${name}`));
    }
  }
}

function applicationKey({ instance, application }: Place): string {
  return `${instance}/${application.namespace}/${application.name}`;
}

/** `checkout.production-7` is the seventh run of its release. */
export function numberOf({ metadata }: Pick<ReleaseRun, "metadata">): number {
  return numberIn(metadata.name);
}

/** 7 of `checkout.production-7`; 0 where there is none. */
export function numberIn(name: string): number {
  return Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
}
