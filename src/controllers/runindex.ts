import type { ReleaseRun } from "#api/releaserun.ts";
import type { Reflector } from "#kube/ports.ts";
import type { Place } from "./sightings.ts";

/** The runs, by the release that owns them and by the Applications that they steer; kept current run by run. */
export class RunIndex {
  readonly #runs: Reflector<ReleaseRun>;
  readonly #byRelease = new Map<string, Map<string, ReleaseRun>>();
  readonly #releaseOf = new Map<string, string>();
  readonly #byApplication = new Map<string, Map<string, string>>();

  constructor(runs: Reflector<ReleaseRun>) {
    this.#runs = runs;
    runs.onChange((key) => this.#update(key));
    for (const run of runs.list()) this.#update(`${run.metadata.namespace}/${run.metadata.name}`);
  }

  /** The runs of one release, oldest first. */
  of(releaseUid: string): readonly ReleaseRun[] {
    return [...(this.#byRelease.get(releaseUid)?.values() ?? [])].toSorted((a, b) => numberOf(a) - numberOf(b));
  }

  /** The `namespace/name` of another release, of those in `living`, that has a run which steers the Application at `place`. */
  takenBy(place: Place, releaseUid: string, living: (releaseUid: string) => boolean): string | undefined {
    for (const [uid, release] of this.#byApplication.get(applicationKey(place)) ?? [])
      if (uid !== releaseUid && living(uid)) return release;
    return undefined;
  }

  #update(key: string): void {
    const run = this.#runs.get(key);
    const owner = this.#releaseOf.get(key);
    if (run === undefined) {
      if (owner !== undefined) this.#byRelease.get(owner)?.delete(key);
      this.#releaseOf.delete(key);
      return;
    }
    const { uid, name } = run.spec.release;
    const siblings = this.#byRelease.get(uid) ?? new Map<string, ReleaseRun>();
    const known = siblings.has(key);
    this.#byRelease.set(uid, siblings.set(key, run));
    this.#releaseOf.set(key, uid);
    if (known) return;
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
  return Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? 0);
}
