/** What may go wrong around the run; each counts as one of the faults of a path. */
export const FAULTS = [
  "death", // the process ends, and another begins
  "people", // a person asks for something, or wishes for something else
  "store", // what was decided cannot be stored
  "answer", // a write is committed, and its answer lost
  "refusal", // an API server refuses what is written
  "consent", // it is withdrawn
  "watch", // it ends; its cluster may not answer then
  "registration", // it is removed
  "values", // somebody writes other values
  "sources", // they are changed so that ours cannot be told
  "deletion", // of an Application
  "pause", // Argo CD is told not to look
  "operation", // somebody else's
  "window", // a sync window closes
  "refresh", // Argo CD drops one that it was asked for
  "freeze", // begins
  "gates", // what they ask for is deleted, or what was ready is no more
  "health", // of what was healthy, though nothing was released there
] as const;
export type Fault = (typeof FAULTS)[number];
