/** What a path of an API server leads to. */
export interface Location {
  /** `group/version/plural`; the core group is "". */
  readonly resource: string;
  readonly namespace: string | undefined;
  /** undefined for a collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Reads a path that kube/paths.ts could have written; undefined for any other. What has a namespace may be listed across all. */
export function locate(path: string): Location | undefined {
  const [top, ...rest] = path.split("/").slice(1).map(decodeURIComponent);
  const [group, version, ...place] = top === "api" ? ["", ...rest] : rest;
  if ((top !== "api" && top !== "apis") || group === undefined || version === undefined) return undefined;
  const [namespace, [plural, name, subresource, ...more]] =
    place[0] === "namespaces" && place.length > 2 ? [place[1], place.slice(2)] : [undefined, place];
  if (plural === undefined || more.length > 0) return undefined;
  return { resource: `${group}/${version}/${plural}`, namespace, name, subresource };
}

/** `namespace/name`, as an API server keeps its objects sorted. */
export function keyOf({ metadata }: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
