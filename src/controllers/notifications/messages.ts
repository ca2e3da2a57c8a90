import { createHash } from "node:crypto";
import { stamp } from "#api/conditions.ts";
import type { Notification } from "#api/notifications.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { fill } from "#engine/template.ts";
import type { Message } from "#notify/message.ts";
import type { Happening } from "./happenings.ts";

/** A message of a run to one receiver. */
export function messageOf(run: ReleaseRun, entry: Notification, happening: Happening, url: string | undefined): Message {
  const { metadata, spec, status } = run;
  const { phase, subject = "", at, message, outcome } = happening;
  return {
    id: idOf(metadata.uid, entry.receiver, phase, subject),
    phase,
    outcome,
    at: stamp(at),
    values: {
      service: spec.service,
      environment: spec.environment,
      namespace: metadata.namespace,
      revision: spec.revision,
      commit: spec.commit ?? "",
      run: metadata.name,
      kind: spec.kind,
      phase,
      outcome: outcome ?? status?.phase ?? "",
      message,
      ready: `${status?.counts?.ready ?? 0}`,
      total: `${status?.counts?.total ?? spec.targets.length}`,
      approval: phase === "WaitingForApproval" ? subject : "",
    },
    repository: repositoryOf(run, entry),
    comment: entry.comment === true,
    url,
    templates: entry.templates,
  };
}

export function repositoryOf({ metadata, spec }: ReleaseRun, { repository }: Notification): string | undefined {
  if (repository === undefined) return undefined;
  return fill(repository, { service: spec.service, environment: spec.environment, namespace: metadata.namespace });
}

/** The same for the same message after every crash, and unlike that of any other. */
function idOf(...parts: readonly string[]): string {
  return `msg_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)}`;
}
