import type { RunSpec, RunTarget } from "#api/releaserun.ts";
import { APPLICATIONS } from "#argo/application.ts";
import type { ReleaseLink } from "#argo/links.ts";
import { patch } from "#argo/patch.ts";
import { observe, project, type Projected } from "#argo/read.ts";
import { admitted } from "#engine/admitted.ts";
import { isCanaryWrite, type TargetWrite } from "#engine/world.ts";
import type { Instance } from "#fleet/fleet.ts";
import { KubeFailure } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { KubeObject } from "#kube/ports.ts";
import { refusalOf } from "./consents.ts";
import { steer } from "./promotions.ts";

export type WriteResult =
  /** It holds what was to be written. `resourceVersion` is of that state. */
  | { readonly kind: "Done"; readonly resourceVersion: string; readonly by: "us" | "before" }
  /** It is no longer what the decision was made on: look again, at nothing older than this. */
  | { readonly kind: "Changed"; readonly resourceVersion: string | undefined }
  | { readonly kind: "NotAuthorized"; readonly message: string }
  /** Its API server will not take it, in its words. */
  | { readonly kind: "Refused"; readonly message: string }
  /** Nobody answered, or it is overloaded: try again, no sooner than `retryAfter` milliseconds. */
  | { readonly kind: "Retry"; readonly retryAfter: number | undefined; readonly message: string };

/**
 * One write to one target: read the Application, ask once more whether it may and need be written, and patch exactly
 * what was read. Never rejects.
 */
export async function write(
  instance: Instance<Projected>,
  run: { readonly namespace: string; readonly spec: RunSpec; readonly link?: ReleaseLink },
  target: RunTarget,
  wanted: TargetWrite,
  signal: AbortSignal,
): Promise<WriteResult> {
  const { namespace, name } = target.application;
  try {
    // 1. Read: consent and values are judged on the very version that the patch is guarded with.
    const path = object(APPLICATIONS, namespace, name);
    const raw = await instance.client.get<KubeObject>(path, signal);
    const app = project(raw);
    const seen = observe(app, run.spec.source, wanted.want.desired);

    if (wanted.kind === "Confirm") return { kind: "Done", resourceVersion: app.resourceVersion, by: "before" };

    // 2. May it be written?
    const refusal = await refusalOf({ namespace: run.namespace, ...run.spec }, instance, target.application, app, signal);
    if (refusal !== undefined) return { kind: "NotAuthorized", message: refusal };

    // 3. Is it still what the decision was made on?
    const kind = admitted(wanted, seen);
    if (kind === "Changed") return { kind, resourceVersion: app.resourceVersion };
    if (kind === "Done") return { kind, resourceVersion: app.resourceVersion, by: "before" };

    // 4. One guarded patch: of the Application, or of its Rollouts.
    if (isCanaryWrite(kind)) return { kind: "Done", resourceVersion: app.resourceVersion, by: await steer(instance, app, kind, signal) };
    const { link, spec } = run;
    const linked = link === undefined ? {} : { link };
    const request = patch(raw, { kind, values: wanted.want.desired, source: spec.source, run: wanted.want.tag, ...linked });
    const answer = await instance.client.request({ ...request, path }, signal);
    return { kind: "Done", resourceVersion: project(answer.body as KubeObject).resourceVersion, by: "us" };
  } catch (error) {
    return resultOf(error);
  }
}

function resultOf(error: unknown): WriteResult {
  if (!(error instanceof KubeFailure)) return { kind: "Refused", message: error instanceof Error ? error.message : "unknown error" };
  const { kind, message, retryAfter, retryable } = error;
  if (retryable) return { kind: "Retry", retryAfter, message };
  const stale = kind === "Conflict" || kind === "NotFound" || kind === "Aborted" || kind === "Fenced";
  return stale ? { kind: "Changed", resourceVersion: undefined } : { kind: "Refused", message };
}
