import { API_VERSION } from "#api/rules.ts";
import type { ReleasePreviewStatus } from "#api/releasepreview.ts";
import { failed } from "#kube/errors.ts";
import { collection, object } from "#kube/paths.ts";
import { PREVIEWS } from "../kinds.ts";
import type { Session } from "../session.ts";
import type { Pulse } from "./reading.ts";

/** How long the conductor may take to answer, and how soon it is looked whether it has; milliseconds. */
const PATIENCE = 10_000;
const PACE = 500;

/** What is to be asked about. */
export interface Question {
  readonly namespace: string;
  /** As a ServiceRelease has it. */
  readonly release: object;
  /** Of the preview, which nobody else has. */
  readonly name: string;
}

export interface Answers {
  readonly pulse: Pulse;
  /** One for each question; undefined where none came in time. */
  readonly statuses: readonly (ReleasePreviewStatus | undefined)[];
}

/** Asks the conductor what releases would do, and waits for its answers. The questions are deleted: by whoever asked, who may, else by the conductor. Throws KubeFailure while nobody answers. */
export async function askConductor({ client, clock, signal }: Session, questions: readonly Question[]): Promise<Answers> {
  const began = clock.now();
  const statuses: (ReleasePreviewStatus | undefined)[] = questions.map(() => undefined);
  try {
    for (const { namespace, name, release } of questions) {
      const body = { apiVersion: API_VERSION, kind: PREVIEWS.kind, metadata: { name, namespace }, spec: { release } };
      await client.create(collection(PREVIEWS.resource, namespace), body, signal);
    }
    let heardAfter: number | undefined;
    for (;;) {
      for (const [index, { namespace, name }] of questions.entries()) {
        if (isFinal(statuses[index])) continue;
        statuses[index] = PREVIEWS.parse(await client.get(object(PREVIEWS.resource, namespace, name), signal)).status;
        if (statuses[index]?.phase !== undefined) heardAfter ??= clock.now() - began;
      }
      const after = clock.now() - began;
      if (statuses.every(isFinal) || after >= PATIENCE || signal.aborted)
        return { pulse: heardAfter === undefined ? { kind: "Silent", after } : { kind: "Answers", after: heardAfter }, statuses };
      await clock.sleep(PACE, signal);
    }
  } catch (error) {
    if (!failed(error, "Forbidden", "NotFound", "Invalid")) throw error;
    const pulse: Pulse = failed(error, "Forbidden")
      ? {
          kind: "Unasked",
          why: "you may not create and get releasepreviews",
          remedy: "ask for that right: with it doctor asks the conductor",
        }
      : { kind: "Unasked", why: error.message, remedy: "run doctor again" };
    return { pulse, statuses };
  } finally {
    const deleting = questions.map(({ namespace, name }) => client.delete(object(PREVIEWS.resource, namespace, name), signal));
    await Promise.allSettled(deleting);
  }
}

function isFinal(status: ReleasePreviewStatus | undefined): boolean {
  return status?.phase === "Planned" || status?.phase === "Refused";
}
