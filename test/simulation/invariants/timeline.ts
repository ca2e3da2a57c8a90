import type { KubeObject } from "#kube/ports.ts";
import { factsOf, type Facts } from "./facts.ts";

/** A stretch of time in which an Application gave all evidence for a revision. */
export interface Held {
  readonly revision: string;
  readonly from: number;
  /** undefined while it goes on. */
  to: number | undefined;
}

/** Latencies between what is and what is seen, in milliseconds. */
export const SLACK = 60;

/** What has become of one Application, as it truly was. */
export class Timeline {
  readonly held: Held[] = [];
  /** When `reconciledAt` became another. */
  readonly looks: number[] = [];
  /** When its consents changed, and to what. */
  readonly consents: { readonly at: number; readonly given: readonly string[] }[] = [];
  /** The versions that the conductor has read by name, the newest last. */
  readonly read: string[] = [];
  facts: Facts | undefined;

  constructor(app: KubeObject, at: number) {
    this.note(app, at);
  }

  note(app: KubeObject | undefined, at: number): void {
    const before = this.facts;
    this.facts = app === undefined ? undefined : factsOf(app);
    const { facts } = this;
    const given = facts?.consents ?? [];
    if (this.consents.at(-1)?.given.join() !== given.join()) this.consents.push({ at, given });
    if (facts?.reconciledAt !== undefined && facts.reconciledAt !== before?.reconciledAt) this.looks.push(at);
    const open = this.#open();
    const revision = facts !== undefined && facts.missing === undefined ? facts.revision : undefined;
    if (open?.revision === revision) return;
    if (open !== undefined) open.to = at;
    if (revision !== undefined) this.held.push({ revision, from: at, to: undefined });
  }

  /** Whether it consented to `entry` at some time since `from`. */
  consented(entry: string, from: number): boolean {
    return this.consents.some(({ given }, index) => given.includes(entry) && (this.consents[index + 1]?.at ?? Infinity) >= from);
  }

  /** Since when all evidence for `revision` has been there, of a stretch that is open or ended after `notBefore`. */
  since(revision: string, notBefore: number): number | undefined {
    return this.held.findLast((one) => one.revision === revision && (one.to ?? Infinity) >= notBefore)?.from;
  }

  /** When evidence for `revision` had first held for `settle` without a break, after `from`; undefined when it never has by `now`. */
  arrivedAt(revision: string, from: number, settle: number, now: number): number | undefined {
    const found = this.held.find(
      (one) => one.revision === revision && Math.min(one.to ?? now, now) - Math.max(one.from, from) >= settle - SLACK,
    );
    return found === undefined ? undefined : Math.max(found.from, from) + settle;
  }

  /** How often Argo CD has been heard since `from`. */
  heardSince(from: number): number {
    return this.looks.filter((at) => at >= from - SLACK).length;
  }

  #open(): Held | undefined {
    const last = this.held.at(-1);
    return last?.to === undefined ? last : undefined;
  }
}
