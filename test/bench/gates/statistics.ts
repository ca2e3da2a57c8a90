/**
 * What a sequential test of a share (of requests that fail, or that are too slow) can tell. A wave's analysis looks at each cluster again and
 * again, each time over the last window, and fails with the first look that sees more than the threshold in one of them.
 */
export interface Design {
  /** The share of bad requests that may be. */
  readonly threshold: number;
  /** Minutes that one look covers. */
  readonly window: number;
  /** Minutes from look to look. */
  readonly interval: number;
  readonly looks: number;
  /** A look says nothing unless a cluster had so many requests that this many bad ones would be at the threshold. */
  readonly errorsAtThreshold: number;
}

/** The chance of more than `most` bad ones among `count`, when each is bad with the chance `share`. */
export function moreThan(most: number, count: number, share: number): number {
  if (most >= count) return 0;
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  // In logarithms, because (1 - share)^count is too small for a number where counts are large.
  const odds = Math.log(share) - Math.log1p(-share);
  let term = count * Math.log1p(-share);
  let upTo = 0;
  for (let bad = 0; bad <= most; bad += 1) {
    upTo += Math.exp(term);
    term += Math.log(count - bad) - Math.log(bad + 1) + odds;
  }
  return Math.max(0, 1 - upTo);
}

/** The chance that one look at `count` requests sees more than the threshold. */
export function exceeds({ threshold }: Design, count: number, share: number): number {
  return moreThan(atMost(threshold, count), count, share);
}

/** As many bad ones as are within the threshold: 0.05 of 400 is 20, whatever floating point makes of it. */
function atMost(threshold: number, count: number): number {
  return Math.floor(threshold * count + 1e-9);
}

/** Requests of one cluster in one window that a look needs. */
export function leastRequests({ errorsAtThreshold, threshold }: Design): number {
  return Math.ceil(errorsAtThreshold / threshold - 1e-9);
}

/**
 * At least this is the chance that a cluster with that share is found. Looks whose windows do not overlap are independent; those between
 * them can only find more.
 */
export function recallAtLeast(design: Design, count: number, share: number): number {
  const disjoint = Math.floor(((design.looks - 1) * design.interval) / design.window) + 1;
  return 1 - (1 - exceeds(design, count, share)) ** disjoint;
}

/** At most this is the chance that a wave of clusters with that share is stopped: looks that overlap are counted as if they did not. */
export function alarmAtMost(design: Design, count: number, share: number, clusters: number): number {
  return Math.min(1, design.looks * clusters * exceeds(design, count, share));
}

/** Of the waves that are stopped, the share that deserved it, when bad and good waves are equally many. */
export function precisionAtLeast(recall: number, alarm: number): number {
  return recall / (recall + alarm);
}

export interface Goal {
  readonly precision: number;
  readonly recall: number;
}

/** Whether a design tells clean clusters from those of `bad` times the threshold, at so many requests in a window. */
export function meets(design: Design, goal: Goal, count: number, { clean, bad, clusters }: Contrast): boolean {
  const recall = recallAtLeast(design, count, bad * design.threshold);
  const alarm = alarmAtMost(design, count, clean * design.threshold, clusters);
  return recall >= goal.recall && precisionAtLeast(recall, alarm) >= goal.precision;
}

/** Shares as multiples of the threshold. */
export interface Contrast {
  readonly clean: number;
  readonly bad: number;
  readonly clusters: number;
}

/** What one cluster's window holds when it is looked at. */
export interface Sample {
  readonly count: number;
  readonly bad: number;
}

export interface Judged {
  readonly verdict: "Failed" | "Inconclusive" | "Successful";
  /** The look that decided, from 1. */
  readonly look: number;
}

/** The test itself: one look after the other, each at every cluster of the wave. */
export function judge(design: Design, looks: readonly (readonly Sample[])[]): Judged {
  for (const [index, clusters] of looks.entries()) {
    const enough = clusters.filter(({ count }) => count >= leastRequests(design));
    const over = enough.some(({ count, bad }) => bad > atMost(design.threshold, count));
    if (over) return { verdict: "Failed", look: index + 1 };
    if (enough.length < clusters.length) return { verdict: "Inconclusive", look: index + 1 };
  }
  return { verdict: "Successful", look: looks.length };
}
