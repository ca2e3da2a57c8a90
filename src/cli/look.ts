import type { TargetPhase, WavePhase } from "#api/reasons.ts";
import type { ServiceReleaseStatus } from "#api/servicerelease.ts";
import { styled } from "./chart.ts";

/** How a text is drawn. */
export interface Look {
  readonly colours: boolean;
  readonly width: number;
}

/** How well something goes: what a person looks for first, and its colour. */
export type Mood = "bad" | "asks" | "busy" | "idle" | "good";

export const MOODS: readonly Mood[] = ["bad", "asks", "busy", "idle", "good"];

const SIGNS = { bad: "✗", asks: "‖", busy: "●", idle: "○", good: "✓" } as const;
const STYLES = { bad: "red", asks: "yellow", busy: "cyan", idle: "gray", good: "green" } as const;

export function sign(mood: Mood, { colours }: Look): string {
  return styled(colours, STYLES[mood], SIGNS[mood]);
}

export function coloured(mood: Mood, text: string, { colours }: Look): string {
  return styled(colours, STYLES[mood], text);
}

export type ReleasePhase = NonNullable<ServiceReleaseStatus["phase"]>;

export function moodOfRelease(phase: ReleasePhase | undefined): Mood {
  switch (phase) {
    case undefined:
    case "Pending":
    case "Planned":
      return "idle";
    case "Progressing":
    case "Waiting":
      return "busy";
    case "Paused":
      return "asks";
    case "Stalled":
    case "RollingBack":
    case "Drifted":
    case "Unknown":
    case "Failed":
    case "RolledBack":
    case "RollbackIncomplete":
    case "Aborted":
      return "bad";
    case "Superseded":
      return "idle";
    case "Succeeded":
    case "SucceededWithSkips":
      return "good";
  }
}

export function moodOfTarget(phase: TargetPhase): Mood {
  switch (phase) {
    case "Failed":
    case "Reverted":
    case "Drifted":
      return "bad";
    case "Unreachable":
    case "Unknown":
    case "RolledBack":
      return "asks";
    case "Waiting":
    case "Patched":
    case "Syncing":
    case "Arrived":
      return "busy";
    case "Pending":
    case "Skipped":
      return "idle";
    case "Ready":
      return "good";
  }
}

export function moodOfWave(phase: WavePhase): Mood {
  switch (phase) {
    case "Failed":
      return "bad";
    case "Waiting":
      return "asks";
    case "Progressing":
    case "Soaking":
      return "busy";
    case "Pending":
      return "idle";
    case "Verified":
      return "good";
  }
}
