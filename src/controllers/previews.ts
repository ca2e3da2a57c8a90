import { isDeepStrictEqual } from "node:util";
import type { ReleasePreview } from "#api/releasepreview.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { Reflector } from "#kube/ports.ts";
import type { WorkQueue } from "#kube/queue.ts";
import { Echoes } from "./echoes.ts";
import { PACE_PER_TARGET, RELEASE_PREVIEWS } from "./parts.ts";
import { Answers, type AnswerParts } from "./previews/answers.ts";
import type { SeenPreview } from "./previews/seenpreview.ts";
import { previewStatus, type Verdict } from "./previews/verdict.ts";
import { putStatus } from "./putstatus.ts";
import type { Sightings } from "./sightings.ts";

/** How long a preview is kept after it was made, decided or not; milliseconds. */
const KEPT = 600_000;
/** So many of a namespace are kept at a time; the others are turned away. */
const CROWD = 100;
/** A No is final when it was given so long after the first look: what was applied together arrives by several watches. Milliseconds. */
const SECOND_LOOK = 1000;
/** Milliseconds to the next look at what waits, if nothing wakes it. */
const LOOK_AGAIN = 2000;
/** How soon a preview is looked at again at the soonest, in milliseconds. */
const PACE = 200;
/** How long it may wait for answers besides the time that an API server has for its own; milliseconds. */
const PATIENCE = 30_000;

export interface PreviewParts extends AnswerParts {
  readonly previews: Reflector<SeenPreview>;
}

/** Says what a release would do, once, and deletes what was asked. */
export class PreviewController {
  readonly #parts: PreviewParts;
  readonly #queue: WorkQueue;
  readonly #echoes: Echoes;
  readonly #answers: Answers;
  /** When a preview was looked at first, and last. */
  readonly #looks = new Map<string, { readonly first: number; readonly last: number }>();

  constructor(parts: PreviewParts, sightings: Sightings, queue: WorkQueue) {
    this.#parts = parts;
    this.#queue = queue;
    this.#echoes = new Echoes(parts.previews, queue, parts.clock);
    this.#answers = new Answers(parts, sightings, (key) => queue.add(key));
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { previews, clock } = this.#parts;
    // 1. Is it there, and is it still to be?
    const seen = previews.get(key);
    if (seen === undefined) return this.#forget(key);
    const left = madeAt(seen, clock.now()) + KEPT - clock.now();
    if (left <= 0) return this.#delete(key, seen, signal);
    this.#queue.addAfter(key, left);

    // 2. Is there something to decide, and is it time?
    const { undecided } = seen;
    if (undecided === undefined) return this.#forget(key);
    if (!this.#echoes.arrived(key)) return;
    const pause = this.#pause(key);
    if (pause > 0) return this.#queue.addAfter(key, pause);

    // 3. Decide it.
    const verdict = this.#isCrowdedOut(seen) ? tooMany(seen) : this.#inTime(key, await this.#verdict(key, undecided, signal));
    if (verdict.kind === "Pending") this.#queue.addAfter(key, LOOK_AGAIN);
    else this.#answers.forget(key);
    await this.#report(key, undecided, verdict, signal);
  }

  async #verdict(key: string, preview: ReleasePreview, signal: AbortSignal): Promise<Verdict> {
    try {
      return await this.#answers.answer(key, preview, signal);
    } catch (error) {
      if (failed(error)) return { kind: "Pending", message: error.message };
      throw error;
    }
  }

  /** A No that was given at once is not final yet, and one that waits does not wait for ever. */
  #inTime(key: string, verdict: Verdict): Verdict {
    const now = this.#parts.clock.now();
    const waited = now - (this.#looks.get(key)?.first ?? now);
    switch (verdict.kind) {
      case "Planned":
        return verdict;
      case "Refused": {
        if (waited >= SECOND_LOOK) return verdict;
        this.#queue.addAfter(key, SECOND_LOOK - waited);
        return { kind: "Pending", message: `${verdict.message} (looked at once more)` };
      }
      case "Pending": {
        const patience = PATIENCE + this.#parts.settings.contactTime;
        if (waited < patience) return verdict;
        const message = `no answer within ${patience / 1000} s: ${verdict.message}`;
        return { kind: "Refused", reason: "Unanswered", message, objections: [] };
      }
    }
  }

  /** How long to wait, so that what looks at many targets, or is woken often, costs little; milliseconds. */
  #pause(key: string): number {
    const now = this.#parts.clock.now();
    const { first, last } = this.#looks.get(key) ?? { first: now, last: -Infinity };
    const pause = Math.max(PACE, Math.floor(this.#answers.count(key) * PACE_PER_TARGET)) - (now - last);
    if (pause <= 0) this.#looks.set(key, { first, last: now });
    return pause;
  }

  /** Whether as many older ones are there as one namespace may have, but for those that were turned away. */
  #isCrowdedOut(seen: SeenPreview): boolean {
    const { namespace } = seen.metadata;
    const older = this.#parts.previews
      .list()
      .filter((other) => other.metadata.namespace === namespace && !other.turnedAway && isOlder(other, seen));
    return older.length >= CROWD;
  }

  async #report(key: string, preview: ReleasePreview, verdict: Verdict, signal: AbortSignal): Promise<void> {
    const { home, clock, log } = this.#parts;
    const status = previewStatus(preview, verdict, clock.now());
    if (isDeepStrictEqual(status, preview.status)) return;
    this.#echoes.expect(key, await putStatus(home, RELEASE_PREVIEWS, preview, status, signal));
    if (verdict.kind !== "Pending") log.info("preview decided", { preview: key, phase: verdict.kind, message: status.message });
  }

  async #delete(key: string, { metadata }: SeenPreview, signal: AbortSignal): Promise<void> {
    const { home, log } = this.#parts;
    this.#forget(key);
    try {
      await home.delete(object(RELEASE_PREVIEWS, metadata.namespace, metadata.name), signal, { uid: metadata.uid });
      log.debug("preview deleted", { preview: key });
    } catch (error) {
      // Somebody else was sooner, or has asked anew under this name.
      if (!failed(error, "NotFound", "Conflict")) throw error;
    }
  }

  #forget(key: string): void {
    this.#answers.forget(key);
    this.#echoes.forget(key);
    this.#looks.delete(key);
  }
}

/** Milliseconds since the epoch; never later than `now`, so that a clock that was set back keeps nothing for ever. */
function madeAt({ metadata }: SeenPreview, now: number): number {
  const made = Date.parse(metadata.creationTimestamp ?? "");
  return Number.isNaN(made) ? now : Math.min(made, now);
}

function isOlder({ metadata: a }: SeenPreview, { metadata: b }: SeenPreview): boolean {
  const [left, right] = [a.creationTimestamp ?? "", b.creationTimestamp ?? ""];
  return left === right ? a.name < b.name : left < right;
}

function tooMany({ metadata: { namespace } }: SeenPreview): Verdict {
  const message = `namespace ${namespace} has ${CROWD} previews already, which are kept for ${KEPT / 60_000} minutes: delete those that were read (kubectl -n ${namespace} delete releasepreviews NAME), or ask again later`;
  return { kind: "Refused", reason: "TooManyPreviews", message, objections: [] };
}
