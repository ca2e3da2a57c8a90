import type { Place, Sightings } from "./sightings.ts";

/** The places that each release looks at, watched for as long as it does. */
export class Follows {
  readonly #sightings: Sightings;
  readonly #wake: (key: string) => void;
  readonly #follows = new Map<string, { readonly places: string; readonly ends: readonly (() => void)[] }>();

  /** `wake` is called with the release that looks at a place, whenever that may look different. */
  constructor(sightings: Sightings, wake: (key: string) => void) {
    this.#sightings = sightings;
    this.#wake = wake;
  }

  /** How many places a release looks at. */
  count(key: string): number {
    return this.#follows.get(key)?.ends.length ?? 0;
  }

  /** Watches `places` for a release, and no others. */
  follow(key: string, places: readonly Place[]): void {
    const unique = new Map(places.map((place) => [nameOf(place), place]));
    const wanted = [...unique.keys()].toSorted().join();
    const old = this.#follows.get(key);
    if (old?.places === wanted) return;
    const ends = [...unique.values()].map((place) => this.#sightings.follow(place, () => this.#wake(key)));
    for (const end of old?.ends ?? []) end();
    this.#follows.set(key, { places: wanted, ends });
  }

  forget(key: string): void {
    for (const end of this.#follows.get(key)?.ends ?? []) end();
    this.#follows.delete(key);
  }
}

function nameOf({ instance, application }: Place): string {
  return `${instance}/${application.namespace}/${application.name}`;
}
