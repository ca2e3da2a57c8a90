import type { Fault } from "./faults.ts";
import type { Shape } from "./worlds.ts";

/** The worlds that are walked, and how far. */
export interface Bounded {
  readonly shape: Shape;
  /** How much may go wrong on a path in all: a fault or a person's act, trouble with the release, one late view, one slow Argo CD. */
  readonly total: number;
  /** Walked with --quick too. */
  readonly quick?: true;
  /** With --faults 2 as many may be on a path here; elsewhere there would be too many states for a computer of one person. */
  readonly deep?: true;
}

/** Where two targets move at once, only faults that come between a decision and its writes. */
const FEW: readonly Fault[] = ["death", "people", "answer"];

export const WORLDS: readonly Bounded[] = [
  { shape: { name: "a release that succeeds" }, total: 1, quick: true },
  { shape: { name: "the first cluster fails", doomed: 0 }, total: 2, deep: true },
  { shape: { name: "the second wave fails", doomed: 1 }, total: 1, quick: true },
  { shape: { name: "the second wave fails, two at a time", doomed: 1, maxConcurrency: 2, faults: FEW }, total: 1 },
  { shape: { name: "only what failed goes back", doomed: 1, rollbackScope: "Target" }, total: 1, quick: true },
  {
    shape: { name: "only what failed goes back, and more goes wrong", doomed: 1, rollbackScope: "Target", faults: FEW },
    total: 2,
    deep: true,
  },
  {
    shape: { name: "only what failed goes back, two at a time", doomed: 1, rollbackScope: "Target", maxConcurrency: 2, faults: FEW },
    total: 1,
    quick: true,
  },
  { shape: { name: "a failure stops the run", doomed: 1, onFailure: "Pause" }, total: 1, quick: true },
  {
    shape: { name: "a failure stops the run, and more goes wrong", doomed: 1, onFailure: "Pause", faults: [...FEW, "values"] },
    total: 2,
    deep: true,
  },
  { shape: { name: "a failure does not stop the run", doomed: 1, onFailure: "Continue" }, total: 1, quick: true },
  {
    shape: { name: "a newer wish replaces it", supersede: "Replace", maxConcurrency: 2, faults: ["people", "death"] },
    total: 1,
    deep: true,
  },
  {
    shape: { name: "one may be out of reach", maxUnreachable: 1, faults: ["watch", "registration", "death", "people"] },
    total: 1,
    deep: true,
  },
  {
    shape: { name: "one did not answer when it was planned", maxUnreachable: 1, beginnings: ["plain", "plain", "away"], doomed: 1 },
    total: 1,
  },
  {
    shape: { name: "the first did not answer when it was planned", beginnings: ["away", "plain", "plain"], doomed: 1 },
    total: 1,
    quick: true,
  },
  {
    shape: { name: "Argo CD does not sync by itself", automated: false, faults: [...FEW, "operation", "window", "refusal"] },
    total: 1,
    deep: true,
  },
  { shape: { name: "Argo CD does not sync by itself, and it fails", automated: false, doomed: 1 }, total: 1, quick: true },
  { shape: { name: "what an earlier run left goes back too", beginnings: ["mid", "plain", "mid"], doomed: 1 }, total: 1 },
  { shape: { name: "nothing to go back to", beginnings: ["bare", "plain", "plain"], doomed: 1 }, total: 1, quick: true, deep: true },
  { shape: { name: "one was sick, one was there before", beginnings: ["plain", "sick", "there"], faults: FEW }, total: 1 },
  {
    shape: {
      name: "people, metrics and a freeze",
      gated: { approval: true, analysis: "soak", freeze: true },
      faults: ["death", "people", "freeze", "gates"],
      maxConcurrency: 2,
    },
    total: 1,
    quick: true,
  },
  {
    shape: {
      name: "people, metrics and a freeze, and more goes wrong",
      gated: { approval: true, analysis: "soak", freeze: true },
      faults: ["death", "people", "freeze", "gates", "store"],
      doomed: 1,
    },
    total: 2,
  },
  {
    shape: {
      name: "another release and metrics in the background, and what they say stops the run",
      onFailure: "Pause",
      gated: { approval: true, analysis: "background", dependency: true },
      faults: ["death", "gates"],
      soak: false,
    },
    total: 1,
    quick: true,
  },
  {
    shape: {
      name: "another release and metrics in the background, and what they say stops the run, and more goes wrong",
      onFailure: "Pause",
      gated: { approval: true, analysis: "background", dependency: true, freeze: true },
      faults: ["death", "people", "gates", "store", "freeze"],
    },
    total: 1,
  },
  {
    shape: {
      name: "what metrics say does not stop the run",
      onFailure: "Continue",
      gated: { approval: true, analysis: "background", freeze: true },
      faults: ["death", "people", "gates", "freeze"],
      doomed: 1,
    },
    total: 1,
  },
  { shape: { name: "one at a time on the Argo CD of all, no soak", room: 1, soak: false, maxConcurrency: 2, doomed: 1 }, total: 1 },
];
