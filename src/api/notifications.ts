import { z } from "zod";
import { LIMITS, template, text, timestamp } from "./rules.ts";

/** What is told of a run, and what became of telling it. */

/** When somebody is told: one message for each run, and of approvals one for each gate. */
export const NOTIFICATION_PHASES = ["Started", "WaitingForApproval", "Failed", "RolledBack", "Finished"] as const;
export type NotificationPhase = (typeof NOTIFICATION_PHASES)[number];

export const RECEIVER_TYPES = ["Slack", "Webhook", "GitHub", "GitLab"] as const;
export type ReceiverType = (typeof RECEIVER_TYPES)[number];

/** Why a receiver that an Environment names is told nothing. */
export const RECEIVER_PROBLEMS = [
  "NotFound",
  "NotAllowed", // it does not serve this namespace, or this repository
  "Malformed", // its Secret, or what the Environment says of it
] as const;
export type ReceiverProblem = (typeof RECEIVER_PROBLEMS)[number];

export const DELIVERY_STATES = [
  "Sending", // stored before anything is sent: after a crash nobody knows whether it was
  "Retrying", // it certainly did not arrive, and is tried again
  "Sent",
  "Failed", // it did not arrive, and is not tried again
  "Unknown", // it may have arrived, and cannot be sent again without the risk of a second one
] as const;

/** What may stand in a message. */
export const MESSAGE_VARIABLES = [
  ...(["service", "environment", "namespace", "revision", "commit", "run", "kind"] as const),
  ...(["phase", "outcome", "message", "ready", "total", "approval"] as const),
] as const;
export type MessageVariable = (typeof MESSAGE_VARIABLES)[number];

const words = (phase: NotificationPhase) => template(LIMITS.message, `notifications[].templates.${phase}`, MESSAGE_VARIABLES).optional();

const PLACE = "([A-Za-z0-9_.-]|\\{\\{ *(service|environment|namespace) *\\}\\})+";

export const notification = z.object({
  receiver: text(253, /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "notifications[].receiver must be the name of a Secret").describe(
    "The receiver's Secret in the conductor's own namespace. It must allow this namespace.",
  ),
  phases: z
    .array(z.enum(NOTIFICATION_PHASES))
    .min(1)
    .max(NOTIFICATION_PHASES.length)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("What it is told. Absent: everything."),
  templates: z
    .object({
      Started: words("Started"),
      WaitingForApproval: words("WaitingForApproval"),
      Failed: words("Failed"),
      RolledBack: words("RolledBack"),
      Finished: words("Finished"),
    })
    .optional()
    .describe("What it is told in other words, by phase."),
  repository: text(
    256,
    new RegExp(`^${PLACE}(/${PLACE})+$`),
    "notifications[].repository must be like acme/checkout; it may use the variables {{service}}, {{environment}}, {{namespace}} and no others",
  )
    .optional()
    .describe("Where the commit is: needed by receivers of type GitHub and GitLab, and for these only."),
  comment: z
    .boolean()
    .optional()
    .describe("Whether the outcome is also a comment on the commit, beside its status: for receivers of type GitHub and GitLab only."),
});
export type Notification = z.infer<typeof notification>;

export const delivery = z.object({
  receiver: z.string().max(253),
  phase: z.enum(NOTIFICATION_PHASES),
  subject: z.string().max(253).optional().describe("The ReleaseApproval that is waited for, or when the run was stopped."),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int().min(0).describe("How often it was sent, or tried to."),
  at: timestamp.describe("When the state began, or of Sending and Retrying the last attempt."),
  message: z.string().max(LIMITS.deliveryMessage),
});
export type Delivery = z.infer<typeof delivery>;

export const receiverStatus = z.object({
  receiver: z.string().max(253),
  since: timestamp.describe("Since when it is named here: what happened before is not told."),
  problem: z.enum(RECEIVER_PROBLEMS).optional().describe("Why it is told nothing now. Absent when it is."),
  message: z.string().max(LIMITS.message).optional().describe("The problem in words, with the remedy."),
});
export type ReceiverStatus = z.infer<typeof receiverStatus>;
