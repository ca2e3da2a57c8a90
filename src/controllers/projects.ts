import { APP_PROJECTS } from "#argo/application.ts";
import type { Projected } from "#argo/read.ts";
import { closedBy, matching, syncWindows, type Closed, type SyncWindow } from "#argo/windows.ts";
import type { Instance } from "#fleet/fleet.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";
import type { Place } from "./sightings.ts";

/** How old an AppProject may be before it is asked for again, and how long an answer is worked with; milliseconds. */
const AGE = 60_000;
/** Who has not asked for so long is not told of changes any more. */
const FORGOTTEN = 10 * AGE;

interface Entry {
  windows: readonly SyncWindow[];
  /** The windows as they were sent: what tells one answer from another. */
  text: string;
  askedAt: number;
  asking: boolean;
  /** What was found to be closed, by the windows that match: the search for when they open is long. */
  readonly found: Map<string, { readonly closed: Closed; readonly good: number }>;
  readonly places: Map<string, { readonly place: Place; seenAt: number }>;
}

/**
 * The AppProjects of Applications that a release waits for, for their sync windows. To read them is an optional right:
 * without it, and until the first answer, there are no windows.
 */
export class Projects {
  readonly #entries = new WeakMap<Instance<Projected>, Map<string, Entry>>();
  readonly #changed: (place: Place) => void;
  readonly #signal: AbortSignal;

  /** `changed` is called for every place whose AppProject turned out to have other windows than it was told. */
  constructor(changed: (place: Place) => void, signal: AbortSignal) {
    this.#changed = changed;
    this.#signal = signal;
  }

  /** The window that keeps Argo CD from syncing `app` at `now`, as far as is known. Asks in the background; never throws. */
  window(
    instance: Instance<Projected>,
    place: Place,
    app: Projected,
    automated: boolean,
    now: number,
  ): { readonly closed: Closed | undefined } {
    if (app.fault !== undefined || app.project === "") return { closed: undefined };
    const namespace = app.controllerNamespace ?? place.application.namespace;
    const entry = this.#entry(instance, `${namespace}/${app.project}`);
    entry.places.set(`${place.application.namespace}/${place.application.name}`, { place, seenAt: now });
    if (!entry.asking && (entry.askedAt > now || entry.askedAt + AGE <= now)) void this.#ask(entry, instance, namespace, app.project, now);
    return { closed: closedIn(entry, app, automated, now) };
  }

  #entry(instance: Instance<Projected>, key: string): Entry {
    const entries = this.#entries.get(instance) ?? new Map<string, Entry>();
    this.#entries.set(instance, entries);
    const entry = entries.get(key) ?? {
      windows: [],
      text: "[]",
      askedAt: -Infinity,
      asking: false,
      found: new Map(),
      places: new Map(),
    };
    entries.set(key, entry);
    return entry;
  }

  async #ask(entry: Entry, instance: Instance<Projected>, namespace: string, project: string, now: number): Promise<void> {
    entry.asking = true;
    entry.askedAt = now;
    const answer = await this.#read(instance, namespace, project);
    entry.asking = false;
    for (const [key, { seenAt }] of entry.places) if (seenAt + FORGOTTEN < now) entry.places.delete(key);
    if (answer === undefined || answer.text === entry.text || this.#signal.aborted) return;
    Object.assign(entry, answer);
    entry.found.clear();
    for (const { place } of entry.places.values()) this.#changed(place);
  }

  /** Undefined when nobody answered: what was known stays. */
  async #read(instance: Instance<Projected>, namespace: string, project: string): Promise<Pick<Entry, "windows" | "text"> | undefined> {
    try {
      const found = await instance.client.get<KubeObject>(object(APP_PROJECTS, namespace, project), this.#signal);
      const windows = syncWindows(found);
      return { windows, text: JSON.stringify(windows) };
    } catch (error) {
      return failed(error, "Forbidden", "NotFound", "Unauthorized", "Invalid") ? { windows: [], text: "[]" } : undefined;
    }
  }
}

function closedIn(entry: Entry, app: Projected, automated: boolean, now: number): Closed | undefined {
  const windows = matching(entry.windows, app);
  if (windows.length === 0) return undefined;
  const key = `${automated} ${windows.map((window) => entry.windows.indexOf(window)).join(" ")}`;
  const known = entry.found.get(key);
  if (known !== undefined && known.good - AGE <= now && now < known.good) return known.closed;
  const closed = closedBy(windows, app.project, now, { automated });
  if (closed === undefined) entry.found.delete(key);
  else entry.found.set(key, { closed, good: Math.min(closed.until ?? Infinity, now + AGE) });
  return closed;
}
