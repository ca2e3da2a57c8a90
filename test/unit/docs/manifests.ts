import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { page } from "./markdown.ts";

/** A manifest as far as documents show some: whole, or the strategy of an Environment. */
export interface Manifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly spec?: { readonly strategy?: object };
  readonly strategy?: object;
}

export function manifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    // What it holds is compared with a schema, or with another file.
    return document.toJS() as Manifest;
  });
}

export function example(path: string): readonly Manifest[] {
  return manifests(page(path));
}

/** As the API server has it: with a namespace, and the rest of its metadata. */
export function stored({ metadata, ...manifest }: Manifest): object {
  return { ...manifest, metadata: { namespace: "team-a", uid: "1", resourceVersion: "1", ...metadata } };
}

/** A field that the schema does not know is dropped by it. */
export function keeps(written: unknown, read: unknown, path: string): void {
  if (typeof written !== "object" || written === null) return assert.equal(read, written, path);
  for (const [key, value] of Object.entries(written)) keeps(value, (read as Record<string, unknown> | undefined)?.[key], `${path}.${key}`);
}
