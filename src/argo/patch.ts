import type { FieldValue, FieldValues } from "#api/releaserun.ts";
import type { CanaryWrite, WriteKind } from "#engine/world.ts";
import type { KubeObject, KubeRequest } from "#kube/ports.ts";
import { application, isMultiSource, sourcesOf, type Application } from "./application.ts";
import { linkAnnotations, type ReleaseLink } from "./links.ts";
import { entry, imageName, pick, type SourceSelector } from "./fields.ts";
import { FIELD_MANAGER } from "./ownership.ts";
import { RUN_INFO } from "./read.ts";

/** One operation of a JSON Patch, RFC 6902. */
interface Op {
  readonly op: "add" | "remove" | "replace" | "test";
  readonly path: string;
  readonly value?: unknown;
}

/** A request to the Application that was read: all of it but the path, which whoever read it knows. */
export type ApplicationPatch = Omit<KubeRequest, "path">;

export interface ApplicationWrite {
  readonly kind: Exclude<WriteKind, CanaryWrite>;
  readonly values: FieldValues;
  readonly source: SourceSelector;
  /** UID of the run, which its operations carry. */
  readonly run: string;
  /** What people find the release by; nothing is written for it alone. */
  readonly link?: ReleaseLink;
}

/**
 * One guarded patch of an Application that was just read: it carries the resourceVersion of that read, so that
 * whoever wrote in between makes it a Conflict. Throws when the Application cannot be read or its source told;
 * whoever calls has asked both before.
 */
export function patch(raw: KubeObject, write: ApplicationWrite): ApplicationPatch {
  const app = application.parse(raw);
  const picked = pick(sourcesOf(app.spec), write.source);
  if ("fault" in picked) throw new Error(picked.fault);
  const multi = isMultiSource(app.spec);
  const at = multi ? `/spec/sources/${picked.index}` : "/spec/source";
  const ops: Op[] = [{ op: "replace", path: "/metadata/resourceVersion", value: app.metadata.resourceVersion }];
  if (multi) ops.push({ op: "test", path: `${at}/repoURL`, value: picked.source.repoURL });

  const rawSource = (multi ? sourcesIn(raw)[picked.index] : sourcesIn(raw)[0]) ?? {};
  if (write.kind === "Patch" || write.kind === "PatchAndSync") ops.push(...sourceOps(at, rawSource, write.values));
  if (write.kind === "Sync" || write.kind === "PatchAndSync") ops.push(...syncOps(app, raw, picked.index, write));
  if (write.kind !== "Terminate") ops.push(...annotationOps(app, write));
  // As argocd-server does it (TerminateOperation); Argo CD clears the operation when it has ended.
  if (write.kind === "Terminate") ops.push({ op: "replace", path: "/status/operationState/phase", value: "Terminating" });

  return {
    method: "PATCH",
    query: { fieldManager: FIELD_MANAGER },
    contentType: "application/json-patch+json",
    body: ops,
  };
}

type Json = Readonly<Record<string, unknown>>;

function record(value: unknown): Json {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function sourcesIn(raw: KubeObject): readonly Json[] {
  const spec = record(raw["spec"]);
  return list(spec["sources"]).length > 0 ? list(spec["sources"]) : [record(spec["source"])];
}

/** Whole groups are replaced: the resourceVersion vouches that nobody else's change is among them. */
function sourceOps(at: string, source: Json, values: FieldValues): Op[] {
  const after = withValues(source, values);
  return ["targetRevision", "helm", "kustomize", "plugin"].flatMap((key): Op[] => {
    const [old, value] = [source[key], after[key]];
    if (JSON.stringify(old) === JSON.stringify(value)) return [];
    return [value === undefined ? { op: "remove", path: `${at}/${key}` } : { op: "add", path: `${at}/${key}`, value }];
  });
}

/** `source` holding `values`: entries of lists are upserted by name, an absent value and parents left empty go. */
export function withValues(source: Json, values: FieldValues): Json {
  let after: Json = source;
  for (const [field, value] of Object.entries(values)) {
    const { group, name } = entry(field);
    const [parent, key] = group.split(".");
    if (key === undefined) after = put(after, group, value ?? undefined);
    else
      after = put(
        after,
        parent ?? "",
        orNothing(put(record(after[parent ?? ""]), key, member(record(after[parent ?? ""])[key], group, name, value))),
      );
  }
  return after;
}

/** The new value of one key of helm, kustomize or plugin. */
function member(old: unknown, group: string, name: string, value: FieldValue): unknown {
  switch (group) {
    case "helm.parameters":
      return upsert(list(old), (one) => record(one)["name"] === name, value === null ? undefined : { name, ...record(value) });
    case "plugin.env":
      return upsert(list(old), (one) => record(one)["name"] === name, value === null ? undefined : { name, value });
    case "kustomize.images":
      return upsert(Array.isArray(old) ? old : [], (one) => typeof one === "string" && imageName(one) === name, value ?? undefined);
    default:
      return value ?? undefined;
  }
}

function put(object: Json, key: string, value: unknown): Json {
  if (value !== undefined) return { ...object, [key]: value };
  const { [key]: _, ...rest } = object;
  return rest;
}

function orNothing(object: Json): Json | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

/** Replaces the first match where it stands, appends, or removes; an empty list is no list. */
function upsert(items: readonly unknown[], is: (item: unknown) => boolean, value: unknown): readonly unknown[] | undefined {
  const index = items.findIndex(is);
  const after = index < 0 ? [...items, value] : items.with(index, value);
  const kept = after.filter((item) => item !== undefined);
  return kept.length === 0 ? undefined : kept;
}

/**
 * An operation by hand, as documented for kubectl (sync-kubectl.md). It names its revisions: with none, a retry
 * may sync an older one (argo-cd#28778). Argo CD does not merge the Application's own sync options into it.
 */
function syncOps(app: Application, raw: KubeObject, index: number, { run, values }: ApplicationWrite): Op[] {
  if (app.operation) throw new Error("an operation is running: it would lose its result");
  const policy = app.spec.syncPolicy;
  const wanted = values["targetRevision"];
  const revisions = sourcesOf(app.spec).map((source, at) =>
    at === index && typeof wanted === "string" ? wanted : (source.targetRevision ?? "HEAD"),
  );
  const revision = isMultiSource(app.spec) ? { revisions } : { revision: revisions[0] };
  const operation = {
    initiatedBy: { username: FIELD_MANAGER, automated: true },
    info: [{ name: RUN_INFO, value: run }],
    retry: policy?.retry ?? { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } },
    sync: {
      ...revision,
      prune: policy?.automated?.prune ?? false,
      ...(policy?.syncOptions?.length ? { syncOptions: policy.syncOptions } : {}),
      syncStrategy: { hook: {} },
    },
  };
  const status = record(raw["status"]);
  const clear: Op[] = "operationState" in status ? [{ op: "remove", path: "/status/operationState" }] : [];
  return [{ op: "add", path: "/operation", value: operation }, ...clear];
}

/** That Argo CD shall look again is an annotation, and so is what leads to the release. */
function annotationOps({ metadata }: Application, { kind, link }: ApplicationWrite): Op[] {
  const wanted = {
    ...(link === undefined ? {} : linkAnnotations(link, metadata.annotations ?? {})),
    ...(kind === "Refresh" ? { "argocd.argoproj.io/refresh": "normal" } : {}),
  };
  const entries = Object.entries(wanted);
  if (entries.length === 0) return [];
  const create: Op[] = metadata.annotations ? [] : [{ op: "add", path: "/metadata/annotations", value: {} }];
  return [
    ...create,
    ...entries.map(([key, value]): Op => ({ op: "add", path: `/metadata/annotations/${key.replaceAll("/", "~1")}`, value })),
  ];
}
