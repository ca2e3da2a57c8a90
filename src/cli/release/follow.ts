import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { failed, type KubeFailure } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import { ListWatchReflector } from "#kube/reflector.ts";
import { EXIT } from "../exit.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import type { Session } from "../session.ts";
import { troubleOf } from "../trouble.ts";
import { verdictOn, type Asked, type Verdict } from "./verdict.ts";

/** Who shows how a release goes. */
export interface Teller {
  /** Hears of every change, and about once a second. `lost`: why what is shown may be old. `last`: how it ended is said next. */
  show(release: ServiceRelease, run: ReleaseRun | undefined, lost: string | undefined, last: boolean): void;
  /** Hears that nothing follows. */
  end?(): void;
  /** Whether it shows what only the run knows: else that is not read. */
  readonly wantsRun: boolean;
}

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** The longest that passes between two looks at the time, in milliseconds. */
const TICK = 1000;

/**
 * Follows one release by a watch of it alone until `asked` has its verdict, `timeout` milliseconds have passed or the command is
 * interrupted; a connection that breaks is opened again meanwhile. Without `asked` until it is interrupted or deleted. The release
 * was there a moment ago. Throws Wrong for what will not go by itself.
 */
export async function follow(
  session: Session,
  name: string,
  teller: Teller,
  asked: Asked | undefined,
  timeout: number,
): Promise<{ readonly verdict: Verdict; readonly release: ServiceRelease | undefined }> {
  const { clock, signal, namespace, transport } = session;
  const start = clock.now();
  const path = collection(RELEASES.resource, namespace);
  const key = `${namespace}/${name}`;
  const releases = new ListWatchReflector<ServiceRelease>({
    transport,
    path,
    fieldSelector: `metadata.name=${name}`,
    project: (raw) => RELEASES.parse(raw),
    clock,
    random: Math.random,
    log: SILENT,
    backoff: { base: 250, cap: 5000 },
  });
  const runs = new RunReader(session);
  let wake = new AbortController();
  const rouse = (): void => wake.abort();
  const stops = [releases.onChange(rouse), releases.onState(rouse)];
  signal.addEventListener("abort", rouse, { once: true });
  let stalled: { readonly generation: number; readonly since: number } | undefined;
  let release: ServiceRelease | undefined;
  try {
    for (;;) {
      // First, so that what changes while this looks is looked at at once.
      wake = new AbortController();
      const lost = releases.failure;
      refuse(lost, session, name);
      if (releases.synced) {
        release = releases.get(key);
        if (release === undefined) return { verdict: deleted(name, namespace), release };
        stalled = stalledOf(release, stalled, clock.now());
        const run = teller.wantsRun ? await runs.read(release, lost === undefined) : undefined;
        const verdict =
          asked === undefined ? undefined : verdictOn(release, asked, stalled === undefined ? 0 : clock.now() - stalled.since);
        teller.show(release, run, lost?.message, verdict !== undefined);
        if (verdict !== undefined) return { verdict, release };
      }
      if (signal.aborted)
        return {
          verdict: {
            exit: EXIT.interrupted,
            outcome: "Interrupted",
            message: `interrupted; the release goes on as it is (conductor status ${name})`,
          },
          release,
        };
      const left = start + timeout - clock.now();
      if (left <= 0) return { verdict: timedOut(release, name, lost), release };
      await clock.sleep(Math.min(TICK, left), wake.signal);
    }
  } finally {
    teller.end?.();
    for (const stop of stops) stop();
    signal.removeEventListener("abort", rouse);
    await releases.stop();
  }
}

/** A right that is missing, or a credential, does not come by waiting. */
function refuse(failure: KubeFailure | undefined, { namespace, server }: Session, name: string): void {
  if (failure !== undefined && failed(failure, "Forbidden", "Unauthorized", "NotFound", "Untrusted", "Invalid"))
    throw troubleOf(failure, { verb: "watch", kind: RELEASES, name: failed(failure, "NotFound") ? undefined : name, namespace, server });
}

/** Since when it cannot start, as far as this command has seen; what was said of an older spec does not count. */
function stalledOf(
  { metadata: { generation }, status }: ServiceRelease,
  before: { readonly generation: number; readonly since: number } | undefined,
  now: number,
): { readonly generation: number; readonly since: number } | undefined {
  if (status?.phase !== "Stalled" || status.observedGeneration !== generation) return undefined;
  return before?.generation === generation ? before : { generation, since: now };
}

function deleted(name: string, namespace: string): Verdict {
  return {
    exit: EXIT.failed,
    outcome: "Deleted",
    message: `somebody has deleted ServiceRelease ${name} in namespace ${namespace}; its clusters stay as they are`,
  };
}

function timedOut(release: ServiceRelease | undefined, name: string, lost: KubeFailure | undefined): Verdict {
  const waits = release?.status?.waitingOn;
  const why =
    lost !== undefined
      ? `; the API server was lost: ${lost.message}`
      : release !== undefined && release.status?.observedGeneration !== release.metadata.generation
        ? "; the conductor has not looked at it: see whether it runs"
        : waits === undefined
          ? ""
          : `; it waits on ${waits.reason}: ${waits.message}`;
  return {
    exit: EXIT.timedOut,
    outcome: "TimedOut",
    message: `not ended in time${why}. The release goes on as it is (conductor explain ${name})`,
  };
}

/** The newest run of a release, read again when the release has changed, and not at all where that is not allowed. */
class RunReader {
  readonly #session: Session;
  #version = "";
  #run: ReleaseRun | undefined;
  #denied = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** `answers`: whether the API server does; else what was read before is what there is. */
  async read({ metadata, status }: ServiceRelease, answers: boolean): Promise<ReleaseRun | undefined> {
    const { client, signal, namespace } = this.#session;
    if (this.#run?.metadata.name !== status?.run) this.#run = undefined;
    const isKnown = this.#version === metadata.resourceVersion;
    if (status?.run === undefined || this.#denied || isKnown || !answers || signal.aborted) return this.#run;
    try {
      this.#run = RUNS.parse(await client.get(object(RUNS.resource, namespace, status.run), signal));
      this.#version = metadata.resourceVersion;
    } catch (error) {
      // A run is named before it is made. What cannot be read now is read later: the release itself is what counts.
      this.#denied = failed(error, "Forbidden");
    }
    return this.#run;
  }
}
