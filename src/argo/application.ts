import { z } from "zod";

/**
 * What we read of an Application (argoproj.io/v1alpha1), and nothing else: other fields, and fields of Argo CD
 * versions to come, pass by. Source: pkg/apis/application/v1alpha1/types.go.
 */

export const APPLICATIONS = { group: "argoproj.io", version: "v1alpha1", plural: "applications" } as const;
export const APP_PROJECTS = { group: "argoproj.io", version: "v1alpha1", plural: "appprojects" } as const;
export const ROLLOUTS = { group: "argoproj.io", version: "v1alpha1", plural: "rollouts" } as const;
export const ANALYSIS_RUNS = { group: "argoproj.io", version: "v1alpha1", plural: "analysisruns" } as const;
export const APPLICATION_SETS = { group: "argoproj.io", version: "v1alpha1", plural: "applicationsets" } as const;

const helm = z.object({
  valueFiles: z.array(z.string()).optional(),
  ignoreMissingValueFiles: z.boolean().optional(),
  parameters: z
    .array(z.object({ name: z.string().default(""), value: z.string().default(""), forceString: z.boolean().optional() }))
    .optional(),
});

const source = z.object({
  name: z.string().optional(),
  repoURL: z.string().default(""),
  path: z.string().optional(),
  chart: z.string().optional(),
  ref: z.string().optional(),
  targetRevision: z.string().optional(),
  helm: helm.optional(),
  kustomize: z.object({ images: z.array(z.string()).optional() }).optional(),
  plugin: z.object({ env: z.array(z.object({ name: z.string(), value: z.string().default("") })).optional() }).optional(),
});
export type Source = z.infer<typeof source>;

const sources = z.object({ source: source.optional(), sources: z.array(source).optional() });

const info = z.array(z.object({ name: z.string(), value: z.string() })).nullish();
const initiatedBy = z.object({ automated: z.boolean().optional() }).optional();
const resource = z.object({ kind: z.string().default(""), name: z.string().default("") });
const operation = z.object({
  initiatedBy,
  info,
  sync: z.object({ revision: z.string().optional(), revisions: z.array(z.string()).nullish() }).nullish(),
});

export const application = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default(""),
    resourceVersion: z.string().default(""),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
    managedFields: z
      .array(z.object({ manager: z.string().optional(), time: z.string().optional(), fieldsV1: z.unknown().optional() }))
      .nullish(),
  }),
  spec: sources.extend({
    project: z.string().default("default"),
    destination: z.object({ server: z.string().optional(), name: z.string().optional(), namespace: z.string().optional() }).nullish(),
    syncPolicy: z
      .object({
        automated: z.object({ enabled: z.boolean().optional(), prune: z.boolean().optional() }).nullish(),
        syncOptions: z.array(z.string()).nullish(),
        retry: z.unknown().optional(),
      })
      .nullish(),
  }),
  operation: operation.nullish(),
  status: z
    .object({
      sync: z
        .object({
          status: z.string().default(""),
          revision: z.string().optional(),
          revisions: z.array(z.string()).nullish(),
          comparedTo: sources.optional(),
        })
        .optional(),
      health: z.object({ status: z.string().default(""), message: z.string().optional() }).optional(),
      resources: z
        .array(
          resource.extend({
            group: z.string().default(""),
            namespace: z.string().default(""),
            status: z.string().optional(),
            requiresPruning: z.boolean().optional(),
          }),
        )
        .nullish(),
      conditions: z.array(z.object({ type: z.string(), message: z.string().default("") })).nullish(),
      reconciledAt: z.string().nullish(),
      controllerNamespace: z.string().optional(),
      operationState: z
        .object({
          phase: z.string().default(""),
          message: z.string().optional(),
          startedAt: z.string().default(""),
          finishedAt: z.string().nullish(),
          retryCount: z.number().optional(),
          operation: operation.optional(),
          syncResult: z
            .object({
              revision: z.string().optional(),
              revisions: z.array(z.string()).nullish(),
              resources: z
                .array(
                  resource.extend({
                    status: z.string().optional(),
                    hookType: z.string().optional(),
                    hookPhase: z.string().optional(),
                    message: z.string().optional(),
                  }),
                )
                .nullish(),
            })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
export type Application = z.infer<typeof application>;

/** The sources of a spec or a comparison: if `sources` is there, `source` is ignored (multiple_sources.md). */
export function sourcesOf({ source: only, sources: several }: z.infer<typeof sources>): readonly Source[] {
  if (several !== undefined && several.length > 0) return several;
  return only === undefined ? [] : [only];
}

/** Whether the spec holds a list of sources. */
export function isMultiSource({ sources: several }: z.infer<typeof sources>): boolean {
  return several !== undefined && several.length > 0;
}
