import { z } from "zod";
import { environment } from "#api/environment.ts";
import { freezeWindow } from "#api/freezewindow.ts";
import { releaseApproval } from "#api/releaseapproval.ts";
import { releasePreview } from "#api/releasepreview.ts";
import { releaseRun } from "#api/releaserun.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { ENVIRONMENTS, FREEZE_WINDOWS, RELEASE_APPROVALS, RELEASE_PREVIEWS, RELEASE_RUNS, SERVICE_RELEASES } from "#controllers/parts.ts";
import type { Resource } from "#kube/paths.ts";
import { Wrong } from "./wrong.ts";

/** A kind that commands read or write. */
export interface Kind<T> {
  readonly kind: string;
  readonly resource: Resource;
  /** Throws Wrong. */
  readonly parse: (raw: unknown) => T;
}

interface Schema<T> {
  safeParse(raw: unknown): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: Error };
}

function kind<T>(name: string, resource: Resource, schema: Schema<T>): Kind<T> {
  const parse = (raw: unknown): T => {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    throw new Wrong(
      `a ${name} of this cluster is not understood: this command and the installed CRDs are of unlike versions, use the same of both`,
    );
  };
  return { kind: name, resource, parse };
}

export const RELEASES = kind("ServiceRelease", SERVICE_RELEASES, serviceRelease);
export const RUNS = kind("ReleaseRun", RELEASE_RUNS, releaseRun);
export const ENVS = kind("Environment", ENVIRONMENTS, environment);
export const APPROVALS = kind("ReleaseApproval", RELEASE_APPROVALS, releaseApproval);
export const PREVIEWS = kind("ReleasePreview", RELEASE_PREVIEWS, releasePreview);
export const FREEZES = kind("FreezeWindow", FREEZE_WINDOWS, freezeWindow);

const review = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });
/** What an API server says of whoever asks it. */
export const SELF = kind("SelfSubjectReview", { group: "authentication.k8s.io", version: "v1", plural: "selfsubjectreviews" }, review);
