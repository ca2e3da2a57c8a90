import { isDeepStrictEqual } from "node:util";
import type { Delivery, Notification } from "#api/notifications.ts";
import type { Environment } from "#api/environment.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { isMain } from "#engine/next.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { WorkQueue } from "#kube/queue.ts";
import type { Post } from "#notify/post.ts";
import { serves } from "#notify/receiver.ts";
import type { Receivers } from "#notify/receivers.ts";
import { send } from "#notify/send.ts";
import { Echoes } from "./echoes.ts";
import { Attempts } from "./notifications/attempts.ts";
import { GIVE_UP, isOpen, plan, settled, type Addressee, type Claim, type Plan } from "./notifications/deliveries.ts";
import { Flights, type Flight } from "./notifications/flights.ts";
import { found } from "./notifications/found.ts";
import { happenings } from "./notifications/happenings.ts";
import { messageOf, repositoryOf } from "./notifications/messages.ts";
import { involved, keyOf, RELEASE_RUNS, type Parts } from "./parts.ts";
import { putStatus } from "./putstatus.ts";
import { linkTo } from "./releaselinks.ts";
import { numberOf } from "./runindex.ts";

const NO_COMMIT =
  "the run knows no commit: release one, or annotate the ServiceRelease with conductor.dev/commit, all 40 hex digits, before the run is made";

/** How long the end of the process waits for messages that are under way, in milliseconds. */
const LAST_MOMENT = 3000;
/** How soon it is looked again when the receivers were not read yet, in milliseconds. */
const NOT_READ = 500;

/**
 * Tells receivers what becomes of runs, beside the runs themselves: nothing here is waited for by a release. What is about to be
 * sent is stored before it is, so that a process that dies leaves behind what may have been sent.
 */
export class NotificationController {
  readonly #parts: Parts;
  readonly #receivers: Receivers;
  readonly #post: Post;
  readonly #queue: WorkQueue;
  readonly #echoes: Echoes;
  readonly #flights: Flights;
  readonly #attempts: Attempts;
  /** Ends what is under way. */
  readonly #cut = new AbortController();

  constructor(parts: Parts, receivers: Receivers, post: Post, queue: WorkQueue) {
    this.#parts = parts;
    this.#receivers = receivers;
    this.#post = post;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.runs, queue, parts.clock);
    this.#flights = new Flights((run) => queue.add(run));
    this.#attempts = new Attempts(parts.random);
  }

  /** Whether there is anything to do about a run: most have nobody who is told. */
  concerns(key: string): boolean {
    const run = this.#parts.runs.get(key);
    if (run === undefined) return true;
    const { finishedAt, notifications = [] } = run.status ?? {};
    if (notifications.some(isOpen) || this.#flights.of(key).length > 0) return true;
    // Of what is older nothing is told any more.
    if (finishedAt !== undefined && this.#parts.clock.now() - Date.parse(finishedAt) > GIVE_UP) return false;
    return this.#environmentOf(run)?.spec.notifications !== undefined;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    // 1. Is there a run, do we know who is to be told, and do we see our own last write?
    const { clock, environments, runs } = this.#parts;
    const run = runs.get(key);
    if (run === undefined) return this.#forget(key);
    if (!environments.synced || !runs.synced) return this.#queue.addAfter(key, NOT_READ);
    const entries = this.#environmentOf(run)?.spec.notifications ?? [];
    if (entries.length > 0 && !this.#receivers.synced) return this.#queue.addAfter(key, NOT_READ);
    if (!this.#echoes.arrived(key)) return;

    // 2. What came of what was sent, and what is next?
    const now = clock.now();
    const arrived = this.#flights.of(key).filter(({ result }) => result !== undefined);
    const stored = this.#attempts.apply(key, run.status?.notifications ?? [], arrived, now);
    const next = plan(stored, this.#addressees(key, run, entries), (one) => this.#attempts.due(key, one), now);

    // 3. Store it: what is sent was claimed before.
    const claimed = next.claims.map(({ entry }) => entry.receiver);
    for (const receiver of claimed) this.#flights.reserve(receiver);
    try {
      await this.#store(key, run, next, signal);
    } catch (error) {
      for (const receiver of claimed) this.#flights.leave(receiver);
      if (!failed(error, "Conflict"))
        this.#attempts.missed(
          key,
          next.claims.map(({ delivery }) => delivery),
        );
      throw error;
    }
    for (const flight of arrived) this.#flights.end(key, flight);
    this.#tell(run, arrived, next);

    // 4. Send, each on its own.
    for (const claim of next.claims) this.#send(key, run, claim);

    // 5. Look again when it is time.
    for (const receiver of next.waits) this.#flights.waitFor(receiver, key);
    if (next.again !== undefined) this.#queue.addAfter(key, Math.max(1, next.again - clock.now()));
  }

  #environmentOf({ metadata, spec }: ReleaseRun): Environment | undefined {
    return this.#parts.environments.get(`${metadata.namespace}/${spec.environment}`);
  }

  #addressees(key: string, run: ReleaseRun, entries: readonly Notification[]): readonly Addressee[] {
    const { namespace } = run.metadata;
    const known = this.#environmentOf(run)?.status?.receivers ?? [];
    const underWay = this.#flights.of(key).filter(({ result }) => result === undefined);
    const all = happenings(run);
    return entries.map((entry) => {
      const one = found(entry, namespace, this.#receivers.get(entry.receiver));
      const since = known.find(({ receiver }) => receiver === entry.receiver)?.since;
      const isCommit = one.kind === "Usable" && (one.receiver.type === "GitHub" || one.receiver.type === "GitLab");
      return {
        entry,
        since: since === undefined ? undefined : Date.parse(since),
        found: one,
        objection: isCommit ? objection(run, entry, one) : undefined,
        busy: underWay.some(({ delivery }) => delivery.receiver === entry.receiver),
        free: this.#flights.isFree(entry.receiver),
        // The status of a commit says how it stands now: an older run does not write over what a newer one has said.
        happenings: isCommit && this.#isOvertaken(run) ? [] : all,
      };
    });
  }

  /** Whether a newer run of the same release is about the same commit. */
  #isOvertaken(run: ReleaseRun): boolean {
    if (run.spec.commit === undefined) return false;
    return this.#parts.runs
      .list()
      .some(
        (one) =>
          one.spec.release.uid === run.spec.release.uid &&
          one.spec.commit === run.spec.commit &&
          numberOf(one) > numberOf(run) &&
          one.status?.startedAt !== undefined &&
          isMain(one),
      );
  }

  async #store(key: string, run: ReleaseRun, { deliveries }: Pick<Plan, "deliveries">, signal: AbortSignal): Promise<void> {
    const before = run.status?.notifications ?? [];
    if (run.status === undefined || isDeepStrictEqual(before, deliveries)) return;
    const status = { ...run.status, notifications: [...deliveries] };
    this.#echoes.expect(key, await putStatus(this.#parts.home, RELEASE_RUNS, run, status, signal));
  }

  #send(key: string, run: ReleaseRun, { receiver, entry, happening, delivery }: Claim): void {
    const sending = { post: this.#post, now: this.#parts.clock.now(), again: delivery.attempts > 1 };
    const message = messageOf(run, entry, happening, linkTo(run, this.#parts.settings).link?.url);
    const sent = send(receiver, message, sending, this.#cut.signal).catch((error: unknown) => {
      this.#parts.log.error("a message could not be made", { run: key, receiver: delivery.receiver, error });
      return { kind: "Unknown", message: "the conductor could not make it: see its log" } as const;
    });
    this.#flights.begin(key, delivery, receiver, sent);
  }

  #tell(run: ReleaseRun, arrived: readonly Flight[], { ended }: Plan): void {
    const { log, count, events, clock } = this.#parts;
    const say = (delivery: Delivery, type: string): void => {
      const { receiver, phase, state, attempts, message } = delivery;
      const fields = { run: keyOf(run), receiver, phase, state, attempts, reason: message };
      count.notification(type, state);
      if (state === "Sent") return log.info("told", fields);
      log.warn("not told", fields);
      if (state === "Retrying" || attempts === 0) return;
      events.record(involved(run), "Warning", "NotificationFailed", `${receiver}: ${phase}: ${state}: ${message}`);
    };
    for (const { delivery, receiver, result } of arrived)
      if (result !== undefined) say(settled(delivery, receiver, result, clock.now()), receiver.type);
    for (const delivery of ended) {
      const receiver = this.#receivers.get(delivery.receiver);
      say(delivery, receiver === undefined || receiver.type === "Refused" ? "Unknown" : receiver.type);
    }
  }

  /**
   * Called when no run is worked on any more: what is under way has a moment to arrive, and to be stored. What is cut off is for the
   * next process to judge, as after a crash.
   */
  async close(): Promise<void> {
    const { clock, home } = this.#parts;
    const { signal } = new AbortController();
    await Promise.race([this.#flights.settled(), clock.sleep(LAST_MOMENT, this.#cut.signal)]);
    const runs = this.#flights.runs();
    // Those that end from now on are not known to have arrived.
    const ended = new Map(runs.map((key) => [key, this.#flights.of(key).filter(({ result }) => result !== undefined)]));
    this.#cut.abort();
    for (const [key, arrived] of ended) {
      const [namespace = "", name = ""] = key.split("/", 2);
      try {
        const run = await home.get<ReleaseRun>(object(RELEASE_RUNS, namespace, name), signal);
        const deliveries = this.#attempts.apply(key, run.status?.notifications ?? [], arrived, clock.now());
        await this.#store(key, run, { deliveries }, signal);
      } catch (error) {
        this.#parts.log.warn("what came of a message could not be stored", { run: key, error });
      }
    }
  }

  #forget(key: string): void {
    for (const flight of this.#flights.of(key)) if (flight.result !== undefined) this.#flights.end(key, flight);
    this.#attempts.forget(key);
    this.#echoes.forget(key);
  }
}

/** Why a commit can never be told of a run. */
function objection(run: ReleaseRun, entry: Notification, one: ReturnType<typeof found>): string | undefined {
  if (run.spec.commit === undefined) return NO_COMMIT;
  const repository = repositoryOf(run, entry);
  if (one.kind !== "Usable" || repository === undefined) return undefined;
  const { receiver } = one;
  if (receiver.type !== "GitHub" && receiver.type !== "GitLab") return undefined;
  return serves(receiver, repository)
    ? undefined
    : `the receiver is not for ${repository}: its owner adds it to the annotation conductor.dev/allowed-repositories`;
}
