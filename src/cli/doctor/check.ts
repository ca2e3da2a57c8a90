/** How one thing stands. Only what fails makes the command fail. */
export type Level = "ok" | "warn" | "fail";

/** What is looked at, in the order in which it is shown. */
export const SUBJECTS = ["server", "crds", "policies", "rights", "conductor", "clusters", "credentials", "argo-cd", "releases"] as const;
export type Subject = (typeof SUBJECTS)[number];

/** One line of the answer, and one entry of the document. */
export interface Check {
  readonly subject: Subject;
  /** What of it: an Environment, a release, a cluster; null for the whole. */
  readonly about: string | null;
  readonly level: Level;
  readonly message: string;
  /** What to do; null where nothing is to be done, or where the message says it: the conductor's own sentences do. */
  readonly remedy: string | null;
}

export const ok = (subject: Subject, about: string | null, message: string): Check => ({
  subject,
  about,
  level: "ok",
  message,
  remedy: null,
});

export const warn = (subject: Subject, about: string | null, message: string, remedy: string | null): Check => ({
  subject,
  about,
  level: "warn",
  message,
  remedy,
});

export const fail = (subject: Subject, about: string | null, message: string, remedy: string | null): Check => ({
  subject,
  about,
  level: "fail",
  message,
  remedy,
});
