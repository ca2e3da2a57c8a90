import { environment } from "#api/environment.ts";
import { freezeWindow } from "#api/freezewindow.ts";
import { releaseApproval } from "#api/releaseapproval.ts";
import { releasePreview } from "#api/releasepreview.ts";
import { releaseRun } from "#api/releaserun.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import type { z } from "zod";
import { at, carried, put, same, textAt, type Json, type JsonObject } from "./json.ts";

/** What an API server knows of one kind. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Whether status is written under /status only, so that generation moves with the rest only. */
  readonly statusSubresource: boolean;
  /** Whether it has a generation at all. */
  readonly generations: boolean;
  /** `object` as it is stored, defaults included, or why it is refused. Only what differs from `before` is looked at. */
  admit(object: JsonObject, before: JsonObject | undefined): JsonObject | string;
}

const ADMISSION = "admissionregistration.k8s.io/v1";

/** The kinds of a cluster, by `group/version/plural`. */
export const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["conductor.dev/v1alpha1/servicereleases", ours("ServiceRelease", serviceRelease, refuseRelease)],
  ["conductor.dev/v1alpha1/environments", ours("Environment", environment, () => undefined)],
  ["conductor.dev/v1alpha1/releaseruns", ours("ReleaseRun", releaseRun, refuseRun)],
  ["conductor.dev/v1alpha1/releaseapprovals", ours("ReleaseApproval", releaseApproval, () => undefined)],
  ["conductor.dev/v1alpha1/freezewindows", ours("FreezeWindow", freezeWindow, () => undefined)],
  ["conductor.dev/v1alpha1/releasepreviews", ours("ReleasePreview", releasePreview, refusePreview)],
  ["argoproj.io/v1alpha1/applications", plain("argoproj.io/v1alpha1", "Application", true)],
  ["argoproj.io/v1alpha1/appprojects", plain("argoproj.io/v1alpha1", "AppProject", true)],
  ["argoproj.io/v1alpha1/applicationsets", plain("argoproj.io/v1alpha1", "ApplicationSet", true)],
  ["argoproj.io/v1alpha1/analysisruns", plain("argoproj.io/v1alpha1", "AnalysisRun", true)],
  ["argoproj.io/v1alpha1/analysistemplates", plain("argoproj.io/v1alpha1", "AnalysisTemplate", true)],
  ["argoproj.io/v1alpha1/clusteranalysistemplates", plain("argoproj.io/v1alpha1", "ClusterAnalysisTemplate", true)],
  [`${ADMISSION}/validatingadmissionpolicies`, plain(ADMISSION, "ValidatingAdmissionPolicy", true)],
  [`${ADMISSION}/validatingadmissionpolicybindings`, plain(ADMISSION, "ValidatingAdmissionPolicyBinding", true)],
  ["apps/v1/statefulsets", plain("apps/v1", "StatefulSet", true)],
  ["/v1/secrets", { ...plain("v1", "Secret", false), admit: encoded }],
  ["events.k8s.io/v1/events", plain("events.k8s.io/v1", "Event", false)],
  ["coordination.k8s.io/v1/leases", plain("coordination.k8s.io/v1", "Lease", false)],
]);

interface Schema {
  readonly shape: { readonly spec: z.ZodType; readonly status: z.ZodType };
}

/** A kind of ours: what zod refuses the generated schema refuses, and prefaults are its defaults. */
function ours(kind: string, { shape }: Schema, refuse: (object: JsonObject, before: JsonObject | undefined) => string | undefined): Kind {
  return {
    apiVersion: "conductor.dev/v1alpha1",
    kind,
    statusSubresource: true,
    generations: true,
    admit: (object, before) => {
      let admitted = object;
      for (const part of ["spec", "status"] as const) {
        if (before !== undefined && same(before[part], object[part])) continue;
        const parsed = shape[part].safeParse(object[part]);
        if (!parsed.success) return parsed.error.issues.map(({ path, message }) => [part, ...path].join(".") + `: ${message}`).join("; ");
        // Most of what comes is complete: then it is kept as it is.
        // What was parsed from JSON is JSON.
        const whole = parsed.data as Json | undefined;
        if (!same(whole, object[part])) admitted = put(admitted, part, whole === undefined ? undefined : carried(whole));
      }
      return refuse(admitted, before) ?? admitted;
    },
  };
}

/** The rules that the definitions state in CEL, and zod does not. */
function refuseRelease(object: JsonObject, before: JsonObject | undefined): string | undefined {
  const [service, environmentName] = [textAt(object, "spec", "service"), textAt(object, "spec", "environment")];
  if (textAt(object, "metadata", "name") !== `${service}.${environmentName}`) return "metadata.name must be <service>.<environment>";
  for (const field of ["service", "environment"])
    if (before !== undefined && at(before, "spec", field) !== at(object, "spec", field)) return `spec: ${field} is immutable`;
  const revision = textAt(object, "spec", "revision") ?? "";
  if (/^[0-9a-f]{7,39}$/.test(revision) && !/^\d+$/.test(revision)) return `spec: revision ${revision} is a short hash`;
  return revision === "HEAD" ? "spec: revision HEAD would move" : undefined;
}

function refuseRun(object: JsonObject, before: JsonObject | undefined): string | undefined {
  return before !== undefined && !same(before["spec"], object["spec"]) ? "spec: a plan is immutable" : undefined;
}

function refusePreview(object: JsonObject, before: JsonObject | undefined): string | undefined {
  return before !== undefined && !same(before["spec"], object["spec"]) ? "spec: a preview is immutable" : undefined;
}

function plain(apiVersion: string, kind: string, generations: boolean): Kind {
  return { apiVersion, kind, statusSubresource: false, generations, admit: (object) => object };
}

/** stringData is for writing only. */
function encoded(object: JsonObject): JsonObject {
  const { stringData, ...rest } = object;
  if (stringData === undefined) return object;
  const entries = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]);
  return carriedObject({ ...rest, data: { ...Object(rest["data"] ?? {}), ...Object.fromEntries(entries) } });
}

function carriedObject(object: JsonObject): JsonObject {
  const copy = carried(object);
  // carried() makes an object of an object.
  return copy as JsonObject;
}
