import { isDeepStrictEqual } from "node:util";
import { isSuccess } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { isInFlight } from "#engine/memo.ts";
import { verifiedRevisions } from "#engine/next.ts";
import { step } from "#engine/step.ts";
import { isCanaryWrite, type Decision, type Target, type TargetWrite } from "#engine/world.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { object } from "#kube/paths.ts";
import { Echoes } from "./echoes.ts";
import type { Gates } from "./gates.ts";
import { releaseHash } from "./hash.ts";
import { newRequests, noted, ordersOf } from "./orders.ts";
import { involved, keyOf, PACE_PER_TARGET, RELEASE_RUNS, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";
import { linkedBy, linkTo } from "./releaselinks.ts";
import { hasNewContact, runStatus } from "./runstatus.ts";
import { isAhead } from "./restored.ts";
import { planOf } from "./runplan.ts";
import { LOOK_EVERY, Session } from "./session.ts";
import type { Sightings } from "./sightings.ts";
import { demandsOf, Slots } from "./slots.ts";
import { write, type WriteResult } from "./writer.ts";

/** Progress is reported at most this often, in milliseconds, and less often of a large run: a status is not a log. */
const REPORT_EVERY = 1000;
const REPORT_EVERY_PER_TARGET = 5;
/** A run in flight says this often that somebody looks, in milliseconds: what passes after that until a restart counts for nothing. */
const CHECKPOINT_EVERY = 60_000;
/** How soon it is tried again to end what a run that has ended had asked for, in milliseconds. */
const CLOSE_AGAIN = 10_000;

interface Open {
  readonly session: Session;
  /** resourceVersion of the run that it knows: the one it was opened at, or our own last write. */
  version: string;
  /** Milliseconds between two looks. */
  readonly pause: number;
  reportedAt: number;
  /** When what could be reported was last compared with what was. */
  comparedAt: number;
  lookedAt: number;
  /** What the last report was made of. */
  reported: Pick<Decision, "targets" | "state" | "waitingOn" | "phase"> | undefined;
}

/** Drives each ReleaseRun to its end: observe → step → apply, one run never working twice at once. */
export class RunController {
  readonly #parts: Parts;
  readonly #sightings: Sightings;
  readonly #gates: Gates;
  readonly #queue: WorkQueue;
  readonly #slots: Slots;
  readonly #open = new Map<string, Open>();
  readonly #echoes: Echoes;

  constructor(parts: Parts, sightings: Sightings, gates: Gates, queue: WorkQueue) {
    this.#parts = parts;
    this.#sightings = sightings;
    this.#gates = gates;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.runs, queue, parts.clock);
    this.#slots = new Slots(
      (instance) => parts.fleet.instance(instance)?.maxInFlight ?? Infinity,
      (run) => queue.add(run),
    );
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    // 1. Is there a run to drive, and does its release still want it driven?
    const run = this.#parts.runs.get(key);
    const release = run === undefined ? undefined : this.#releaseOf(run);
    const driven = run?.status?.finishedAt === undefined && release?.metadata.deletionTimestamp === undefined;
    if (run === undefined || release === undefined || !driven) {
      this.#forget(key);
      if (run !== undefined && !(await this.#gates.close(run, signal))) this.#queue.addAfter(key, CLOSE_AGAIN);
      return;
    }
    if (!this.#echoes.arrived(key)) return;
    if (!this.#gates.synced) return this.#queue.addAfter(key, 100);
    const open = await this.#opened(key, run, signal);
    if (open === undefined) return;

    // 2. What people ask for is noted before it is done, so that it is done once.
    const superseded = releaseHash(release.spec) !== run.spec.release.hash;
    const requests = newRequests(run, release, (revision) => !superseded && this.#isVerified(revision, run));
    const now = this.#parts.clock.now();
    if (requests.length > 0 && run.status?.startedAt !== undefined)
      return this.#put(key, run, { ...run.status, actions: noted(run, release, requests, now) }, signal);

    // 3. Observe, and decide.
    const { session } = open;
    if (now - open.lookedAt < open.pause) return this.#wake(key);
    open.lookedAt = now;
    const targets = session.look();
    this.#slots.update(key, demandsOf(session.state, targets));
    const decision = step({
      now,
      plan: planOf(run),
      state: session.state,
      orders: ordersOf(run, release, session.state),
      superseded,
      room: (instance) => this.#slots.room(key, instance),
      contactTime: this.#parts.settings.contactTime,
      gates: this.#gates.see(run, now),
      targets,
    });

    // 4. What is being written in the old direction ends first; its end wakes us.
    if (decision.halts && session.busy) return;

    // 5. Store what was decided. If that fails, nothing is written: the decision is made again.
    const turns = decision.turns || run.status?.startedAt === undefined || hasNewContact(run.status, decision.targets);
    // What it starts is taken at once: other runs decide while this is stored.
    this.#slots.update(key, demandsOf(decision.state, decision.targets));
    if (turns) await this.#store(key, run, open, decision, signal);
    session.adopt(decision);

    // 6. Write to the targets, each on its own: a slow one holds up nobody; and ask for what gates need.
    for (const wanted of decision.writes) this.#begin(key, run, session, wanted, signal);
    this.#gates.ask(run, decision.asks, (ms) => this.#queue.addAfter(key, ms), signal);

    // 7. Report progress, or how it ended.
    if (decision.outcome !== undefined) return this.#ended(key, run, decision);
    const due = turns ? now : await this.#report(key, run, open, decision, signal);

    // 8. Look again when it is time.
    const blind = hasBlindSpot(decision.targets) ? now + this.#parts.settings.contactTime : Infinity;
    const again = Math.min(
      decision.nextLook ?? Infinity,
      session.nextWrite ?? Infinity,
      due > now ? due : Infinity,
      blind,
      now + LOOK_EVERY,
    );
    this.#queue.addAfter(key, Math.max(1, again - now));
  }

  #isVerified(revision: string, { spec }: ReleaseRun): boolean {
    const siblings = this.#parts.runs.list().filter((one) => one.spec.release.uid === spec.release.uid);
    return verifiedRevisions(siblings).some((one) => one.revision === revision);
  }

  #releaseOf(run: ReleaseRun): ServiceRelease | undefined {
    const release = this.#parts.releases.get(`${run.metadata.namespace}/${run.spec.release.name}`);
    return release?.metadata.uid === run.spec.release.uid ? release : undefined;
  }

  /** Undefined while the copy of the run is older than the run: a decision on it would be on what is no longer so. */
  async #opened(key: string, run: ReleaseRun, signal: AbortSignal): Promise<Open | undefined> {
    const known = this.#open.get(key);
    if (known !== undefined) {
      const isOurs = known.version === run.metadata.resourceVersion;
      if (isOurs || !isAhead(run, known.session.state, known.session.targets)) return known;
      // We began with an old copy of it, or the process before us had a write under way: what is stored counts.
      known.session.close();
    }
    const { namespace, name, resourceVersion } = run.metadata;
    const fresh = await this.#parts.home.get<ReleaseRun>(object(RELEASE_RUNS, namespace, name), signal);
    if (fresh.metadata.resourceVersion !== resourceVersion) return this.#echoes.expect(key, fresh.metadata.resourceVersion);
    const parts = { ...this.#parts, ...this.#parts.settings, ...linkedBy(this.#parts.settings), sightings: this.#sightings };
    const session = new Session(run, parts, () => this.#wake(key));
    const open: Open = {
      session,
      version: run.metadata.resourceVersion,
      pause: Math.floor(run.spec.targets.length * PACE_PER_TARGET),
      reportedAt: -Infinity,
      comparedAt: -Infinity,
      lookedAt: -Infinity,
      reported: undefined,
    };
    this.#open.set(key, open);
    return open;
  }

  /** Looks at a run as soon as its pace allows: a thousand events are one look. */
  #wake(key: string): void {
    const { lookedAt = -Infinity, pause = 0 } = this.#open.get(key) ?? {};
    this.#queue.addAfter(key, lookedAt + pause - this.#parts.clock.now());
  }

  #forget(key: string): void {
    this.#open.get(key)?.session.close();
    this.#open.delete(key);
    this.#echoes.forget(key);
    this.#slots.update(key, new Map());
  }

  async #put(key: string, run: ReleaseRun, status: RunStatus, signal: AbortSignal): Promise<void> {
    const version = await putStatus(this.#parts.home, RELEASE_RUNS, run, status, signal);
    this.#echoes.expect(key, version);
    const open = this.#open.get(key);
    if (open !== undefined) open.version = version;
  }

  async #store(key: string, run: ReleaseRun, open: Open, decision: Decision, signal: AbortSignal): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#put(key, run, runStatus(run, decision, now), signal);
    open.reportedAt = now;
    open.reported = decision;
  }

  /** When the next report is due; now when there is nothing to say. */
  async #report(key: string, run: ReleaseRun, open: Open, decision: Decision, signal: AbortSignal): Promise<number> {
    const now = this.#parts.clock.now();
    const checkpoint = isMeasured(decision) && now - open.reportedAt >= CHECKPOINT_EVERY;
    const { reported } = open;
    const same =
      reported?.targets === decision.targets &&
      reported.phase === decision.phase &&
      decision.state.waves.every(({ gates }, index) => gates === reported.state.waves[index]?.gates) &&
      isDeepStrictEqual(reported.waitingOn, decision.waitingOn);
    if (same && !checkpoint) return now;
    const due = Math.max(open.reportedAt, open.comparedAt) + Math.max(REPORT_EVERY, run.spec.targets.length * REPORT_EVERY_PER_TARGET);
    if (now < due) return due;
    open.comparedAt = now;
    const status = runStatus(run, decision, now);
    const unchanged = run.status !== undefined && isDeepStrictEqual(withoutProgress(status), withoutProgress(run.status));
    if (!unchanged || checkpoint) await this.#store(key, run, open, decision, signal);
    open.reported = decision;
    return now;
  }

  #begin(key: string, run: ReleaseRun, session: Session, wanted: TargetWrite, signal: AbortSignal): void {
    const target = session.begin(wanted.cluster, wanted.kind);
    if (target === undefined) return;
    const instance = this.#parts.fleet.instance(target.instance);
    const outcome: Promise<WriteResult> =
      instance === undefined
        ? Promise.resolve({ kind: "Retry", retryAfter: undefined, message: `${target.instance} is not registered` })
        : write(
            instance,
            { namespace: run.metadata.namespace, spec: run.spec, ...linkTo(run, this.#parts.settings) },
            target,
            wanted,
            signal,
          );
    void outcome.then((result) => {
      session.end(wanted.cluster, wanted.kind, result);
      this.#tell(run, wanted, result);
      if (!signal.aborted) this.#wake(key);
    });
  }

  #tell(run: ReleaseRun, { cluster, kind, want }: TargetWrite, result: WriteResult): void {
    const { log, count, events } = this.#parts;
    const fields = {
      run: keyOf(run),
      cluster,
      write: kind,
      direction: want.direction,
      result: result.kind,
      ...("message" in result ? { reason: result.message } : {}),
    };
    count.write(kind, result.kind);
    if (result.kind === "Done" && result.by === "us") {
      log.info("target written", fields);
      if (kind === "Refresh" || kind === "Terminate" || isCanaryWrite(kind)) return;
      const [reason, note] =
        want.direction === "Back"
          ? ["TargetTakenBack", `${cluster}: written, back to what was last verified there`]
          : ["TargetPatched", `${cluster}: written, revision ${run.spec.revision}`];
      events.record(involved(run), "Normal", reason, note);
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

  #ended(key: string, run: ReleaseRun, { outcome = "Failed", message, counts }: Decision): void {
    this.#parts.log.info("run ended", { run: key, outcome, ready: counts.ready, failed: counts.failed });
    this.#parts.events.record(involved(run), isSuccess(outcome) ? "Normal" : "Warning", outcome, message);
    this.#parts.count.outcome(outcome);
  }
}

/** What moves with time alone is stored with a checkpoint, or with what else is said. */
function withoutProgress(status: RunStatus): RunStatus {
  const waves = (status.waves ?? []).map((wave) => ({ ...wave, soakedSeconds: 0 }));
  return { ...status, observedAt: "", waves };
}

/** Whether a deadline or a soak runs, which a restart must not lengthen by what nobody saw. */
function isMeasured({ state, targets }: Decision): boolean {
  return state.waves.some(({ phase }) => phase === "Soaking") || targets.some(({ memo }) => isInFlight(memo));
}

/** Whether a target cannot be seen, and no word of it may come. */
function hasBlindSpot(targets: readonly Target[]): boolean {
  return targets.some(({ memo }) => {
    if (memo.phase === "Ready") return memo.evidenceSince === undefined;
    return memo.phase === "Unreachable" || memo.phase === "Unknown";
  });
}
