import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Clock } from "#kube/ports.ts";
import { refused, type Coverage, type Refusal } from "./coverage.ts";
import type { Parts } from "./parts.ts";

/** A plan that has lost more than one in so many of the last one's clusters waits for a person. */
const FIFTH = 5;

/** Clusters that the last run covered and that are gone: a registration may be lost by accident, and a release to what is left would look complete. */
export class Lost {
  readonly #fleet: Parts["fleet"];
  readonly #clock: Clock;
  readonly #graceTime: number;
  /** Since when the registration of a cluster is missed. */
  readonly #since = new Map<string, number>();

  constructor(fleet: Parts["fleet"], clock: Clock, graceTime: number) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#graceTime = graceTime;
  }

  /** Remembers since when any of `clusters` is missed. */
  notice(clusters: readonly string[]): void {
    for (const cluster of this.#since.keys()) if (this.#fleet.cluster(cluster) !== undefined) this.#since.delete(cluster);
    for (const cluster of clusters) this.#isFresh(cluster);
  }

  /** Why a plan without the clusters that `last` had must wait; undefined when it need not. */
  refusal(release: ServiceRelease, last: ReleaseRun | undefined, covered: Coverage, confirmed: boolean): Refusal | undefined {
    if (last === undefined) return undefined;
    const members = new Set(covered.members.map(({ name }) => name));
    const wanted = release.spec.clusters === undefined ? undefined : new Set(release.spec.clusters);
    const before = last.spec.targets.map(({ cluster }) => cluster).filter((cluster) => wanted?.has(cluster) !== false);
    const lost = before.filter((cluster) => !members.has(cluster));
    this.notice(lost);
    if (lost.length === 0 || confirmed) return undefined;
    const names = `${lost.slice(0, 5).join(", ")}${lost.length > 5 ? ` and ${lost.length - 5} more` : ""}`;
    if (lost.length * FIFTH > before.length)
      return refused(
        "MembershipShrunk",
        `${lost.length} of the ${before.length} clusters that ${last.metadata.name} covered are no longer in the Environment (${names}): bring them back, or confirm with the annotation conductor.dev/confirm: ${last.metadata.name}`,
      );
    const missing = lost.filter((cluster) => this.#isFresh(cluster));
    if (missing.length === 0) return undefined;
    return refused(
      "ClusterLost",
      `${missing.slice(0, 5).join(", ")}: covered by ${last.metadata.name}, and no longer registered; counts as gone after ${this.#graceTime / 1000} s`,
    );
  }

  /** Whether its registration went less than the grace time ago, as far as this process has seen. */
  #isFresh(cluster: string): boolean {
    if (this.#fleet.cluster(cluster) !== undefined) return false;
    const now = this.#clock.now();
    const since = this.#since.get(cluster) ?? now;
    this.#since.set(cluster, since);
    return now - since < this.#graceTime;
  }
}
