import { isDeepStrictEqual } from "node:util";
import type { ReleaseRun, RunStatus } from "#api/releaserun.ts";
import { step } from "#engine/step.ts";
import type { Target, TargetWrite } from "#engine/world.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { releaseHash } from "./hash.ts";
import { involved, keyOf, RELEASE_RUNS, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";
import { hasNewVerdict, runStatus } from "./runstatus.ts";
import { Session } from "./session.ts";
import type { Sightings } from "./sightings.ts";
import { write, type WriteResult } from "./writer.ts";

/** Progress is reported at most this often, in milliseconds: a status is not a log. */
const REPORT_EVERY = 1000;

/** Drives each ReleaseRun to its end: observe → step → apply, one run never working twice at once. */
export class RunController {
  readonly #parts: Parts;
  readonly #sightings: Sightings;
  readonly #queue: WorkQueue;
  readonly #sessions = new Map<string, Session>();
  readonly #reportedAt = new Map<string, number>();
  /** resourceVersion of our last status write: what the reflector must show before we decide again. */
  readonly #stored = new Map<string, string>();

  constructor(parts: Parts, sightings: Sightings, queue: WorkQueue) {
    this.#parts = parts;
    this.#sightings = sightings;
    this.#queue = queue;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    // 1. Is there a run to drive, and does its release still want it driven?
    const run = this.#parts.runs.get(key);
    const release = run === undefined ? undefined : this.#releaseOf(run);
    const driven = run?.status?.finishedAt === undefined && release !== undefined && release.metadata.deletionTimestamp === undefined;
    if (run === undefined || !driven) return this.#forget(key);
    const stored = this.#stored.get(key);
    if (stored !== undefined && !this.#parts.runs.caughtUp(key, stored)) return; // its arrival wakes us

    // 2. Observe, and decide.
    const session = this.#sessions.get(key) ?? this.#open(key, run);
    const targets = session.look();
    const now = this.#parts.clock.now();
    const startedAt = run.status?.startedAt;
    const superseded = releaseHash(release.spec) !== run.spec.release.hash;
    const decision = step({
      now,
      run: { startedAt: startedAt === undefined ? undefined : Date.parse(startedAt), superseded },
      targets,
    });
    const status = runStatus(run, decision, targets, now);

    // 3. Store verdicts. If that fails, nothing else is written: the decision is made again from what is stored.
    let next = decision.nextLook;
    const verdict = hasNewVerdict(run.status, status);
    if (verdict) await this.#store(key, run, status, signal);

    // 4. Write to the targets, each on its own: a slow one holds up nobody.
    for (const wanted of decision.writes) this.#begin(key, run, session, wanted, signal);

    // 5. Report progress.
    if (!verdict && !isDeepStrictEqual(status, run.status)) {
      const due = (this.#reportedAt.get(key) ?? 0) + REPORT_EVERY;
      if (now >= due) await this.#store(key, run, status, signal);
      else next = Math.min(next ?? Infinity, due);
    }

    // 6. Look again when it is time.
    const again = Math.min(
      next ?? Infinity,
      session.nextWrite ?? Infinity,
      hasBlindSpot(targets) ? now + this.#parts.settings.contactTime : Infinity,
    );
    if (decision.outcome !== undefined) return this.#ended(key, run, decision.outcome, status);
    if (again !== Infinity) this.#queue.addAfter(key, Math.max(1, again - now));
  }

  #releaseOf(run: ReleaseRun): ReturnType<Parts["releases"]["get"]> {
    const release = this.#parts.releases.get(`${run.metadata.namespace}/${run.spec.release.name}`);
    return release?.metadata.uid === run.spec.release.uid ? release : undefined;
  }

  #open(key: string, run: ReleaseRun): Session {
    const { clock, random, settings } = this.#parts;
    const session = new Session(run, { sightings: this.#sightings, clock, random, settleTime: settings.settleTime }, () =>
      this.#queue.add(key),
    );
    this.#sessions.set(key, session);
    return session;
  }

  #forget(key: string): void {
    this.#sessions.get(key)?.close();
    this.#sessions.delete(key);
    this.#reportedAt.delete(key);
    this.#stored.delete(key);
  }

  async #store(key: string, run: ReleaseRun, status: RunStatus, signal: AbortSignal): Promise<void> {
    const version = await putStatus(this.#parts.home, RELEASE_RUNS, run, status, signal);
    this.#reportedAt.set(key, this.#parts.clock.now());
    this.#stored.set(key, version);
  }

  #begin(key: string, run: ReleaseRun, session: Session, wanted: TargetWrite, signal: AbortSignal): void {
    const target = session.begin(wanted.cluster);
    if (target === undefined) return;
    const instance = this.#parts.fleet.instance(target.instance);
    const outcome: Promise<WriteResult> =
      instance === undefined
        ? Promise.resolve({ kind: "Retry", retryAfter: undefined, message: `${target.instance} is not registered` })
        : write(instance, { namespace: run.metadata.namespace, spec: run.spec }, target, wanted, signal);
    void outcome.then((result) => {
      session.end(wanted.cluster, wanted.kind, result);
      this.#tell(run, wanted, result);
      if (!signal.aborted) this.#queue.add(key);
    });
  }

  #tell(run: ReleaseRun, { cluster, kind }: TargetWrite, result: WriteResult): void {
    const { log, count, events } = this.#parts;
    const fields = {
      run: keyOf(run),
      cluster,
      write: kind,
      result: result.kind,
      ...("message" in result ? { reason: result.message } : {}),
    };
    count.write(kind, result.kind);
    if (result.kind === "Done" && result.by === "us") {
      log.info("target written", fields);
      if (kind !== "Refresh" && kind !== "Terminate")
        events.record(involved(run), "Normal", "TargetPatched", `${cluster}: written, revision ${run.spec.revision}`);
    } else if (result.kind === "Refused" || result.kind === "NotAuthorized") {
      log.warn("target not written", fields);
      events.record(
        involved(run),
        "Warning",
        result.kind === "Refused" ? "WriteRefused" : "NotAuthorized",
        `${cluster}: ${result.message}`,
      );
    } else log.debug("target not written", fields);
  }

  #ended(key: string, run: ReleaseRun, outcome: string, status: RunStatus): void {
    const message = status.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
    this.#parts.log.info("run ended", { run: key, outcome, ready: status.counts?.ready, failed: status.counts?.failed });
    this.#parts.events.record(involved(run), outcome === "Succeeded" ? "Normal" : "Warning", outcome, message);
    this.#parts.count.outcome(outcome);
  }
}

/** Whether a target cannot be seen, and no word of it may come. */
function hasBlindSpot(targets: readonly Target[]): boolean {
  return targets.some(({ memo }) => {
    if (memo.phase === "Ready") return memo.evidenceSince === undefined;
    return memo.phase === "Unreachable" || memo.phase === "Unknown" || (memo.need === undefined && memo.lookAt === undefined);
  });
}
