import type { FreezeWindowSpec } from "#api/freezewindow.ts";
import type { Fault } from "#argo/schedule.ts";
import type { Freeze } from "#engine/gates/seen.ts";
import { selects } from "#engine/members.ts";
import type { SeenWindow } from "./seenwindow.ts";
import { timesOf, type Times } from "./times.ts";

/** A release, as far as freezes are concerned. */
export interface Released {
  readonly namespace: string;
  readonly service: string;
  readonly environment: string;
}

/** One of its targets. */
export interface Placed extends Released {
  readonly cluster: string;
  /** Of the cluster's registration; undefined when there is none now: then any selector may be its. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** A window that cannot be read, and could be for a release. */
export interface InvalidFreeze {
  /** FreezeWindow, as <namespace>/<name>. */
  readonly name: string;
  readonly message: string;
}

/** Which freeze holds which target, and until when. */
export interface Calendar {
  /** All that hold a target at `now`, the one that ends last first: who lets one go has not let the others go. */
  readonly freezesAt: (target: Placed, now: number) => readonly Freeze[];
  /** When a window begins or ends next, of those that are for `release` or else of all; undefined for never again. */
  readonly nextTurn: (now: number, release?: Released) => number | undefined;
  /** The first window, by name, that cannot be read and could be for a release: what it holds is not known. */
  readonly invalidFor: (release: Released) => InvalidFreeze | undefined;
}

/** A window of the conductor's own namespace holds for all namespaces, any other for its own. */
export function calendar(windows: readonly SeenWindow[], conductorNamespace: string): Calendar {
  const all = windows.map((window) => entryOf(window, conductorNamespace)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    freezesAt: (target, now) =>
      all
        .flatMap((entry) => (isFor(entry, target) && isOn(entry, target) ? freezeOf(entry, now) : []))
        .toSorted((a, b) => b.until - a.until),
    nextTurn: (now, release) => {
      const turns = all.flatMap((entry) => (release === undefined || isFor(entry, release) ? turnOf(entry, now) : []));
      return turns.length === 0 ? undefined : Math.min(...turns);
    },
    invalidFor: (release) => {
      const found = all.find((entry) => "fault" in entry.times && isFor(entry, release));
      if (found === undefined || !("fault" in found.times)) return undefined;
      return {
        name: found.name,
        message: `FreezeWindow ${found.name} could be for this release, and ${found.times.fault}. Correct it, or delete it`,
      };
    },
  };
}

/** Why a window cannot be read, in a sentence, or undefined. */
export function faultOf(window: SeenWindow): string | undefined {
  const times = read(window);
  return "fault" in times ? times.fault : undefined;
}

interface Entry {
  readonly name: string;
  readonly reason: string;
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly scope: Pick<FreezeWindowSpec, "environments" | "services" | "clusters">;
  readonly times: Times | Fault;
}

function entryOf(window: SeenWindow, conductorNamespace: string): Entry {
  const { namespace, name } = window.metadata;
  return {
    name: `${namespace}/${name}`,
    reason: "unreadable" in window ? "" : window.spec.reason,
    namespace: namespace === conductorNamespace ? undefined : namespace,
    scope: "unreadable" in window ? {} : window.spec,
    times: read(window),
  };
}

function read(window: SeenWindow): Times | Fault {
  return "unreadable" in window ? { fault: window.unreadable } : timesOf(window.spec);
}

/** Whether a window could hold targets of a release. */
function isFor({ namespace, scope }: Entry, release: Released): boolean {
  return (
    (namespace === undefined || namespace === release.namespace) &&
    (scope.environments?.includes(release.environment) ?? true) &&
    (scope.services?.includes(release.service) ?? true)
  );
}

/** Whether a target is on the clusters of a window. */
function isOn({ scope: { clusters } }: Entry, { cluster, labels }: Placed): boolean {
  if (clusters?.names?.includes(cluster) === false) return false;
  return clusters?.selector === undefined || labels === undefined || selects(clusters.selector, { name: cluster, labels });
}

function freezeOf({ name, reason, times }: Entry, now: number): readonly Freeze[] {
  if ("fault" in times) return [];
  const { holds, until } = times.at(now);
  return holds && until !== undefined ? [{ name, reason, until }] : [];
}

function turnOf({ times }: Entry, now: number): readonly number[] {
  const turn = "fault" in times ? undefined : times.at(now).until;
  return turn === undefined ? [] : [turn];
}
