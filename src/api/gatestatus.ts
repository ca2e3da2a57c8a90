import { z } from "zod";
import { GATE_PHASES } from "./reasons.ts";
import { LIMITS, timestamp } from "./rules.ts";

/** What one gate of a run has come to. */
export const gateStatus = z.object({
  kind: z.enum(["Approval", "Analysis"]),
  object: z.string().max(253).describe("The ReleaseApproval or AnalysisRun of this namespace that decides it."),
  phase: z.enum(GATE_PHASES),
  message: z.string().max(LIMITS.message),
  since: timestamp.describe("When the phase began."),
  accepted: z.boolean().optional().describe("Whether it was gone on in spite of it."),
  measurements: z
    .array(z.object({ metric: z.string().max(253), value: z.string().max(64), phase: z.string().max(32), at: z.string().max(64) }))
    .max(LIMITS.measurements)
    .optional()
    .describe("What was measured last, newest last."),
});
