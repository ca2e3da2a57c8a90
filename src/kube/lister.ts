import { failed, KubeFailure } from "./errors.ts";
import type { KubeObject, KubeRequest, KubeResponse } from "./ports.ts";
import { isKubeObject, isRecord, text } from "./shape.ts";

/** A whole collection as of one moment. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** Where a watch of it starts. */
  readonly resourceVersion: string;
}

/** Objects per page: what client-go asks for. */
const pageSize = 500;
/** A collection that grows old faster than it can be paged through is listed this often before giving up. */
const restarts = 3;

/**
 * Lists all pages. Each object goes through `project` as it arrives, so that a page of large objects is not kept.
 * When the server has forgotten where the pages started (410), the list starts again. Throws KubeFailure.
 */
export async function listAll<T>(
  request: (page: KubeRequest) => Promise<KubeResponse>,
  path: string,
  query: Readonly<Record<string, string>>,
  project: (object: KubeObject) => T,
): Promise<Listed<T>> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await pages(request, path, query, project);
    } catch (error) {
      if (!failed(error, "Expired") || attempt >= restarts) throw error;
    }
  }
}

async function pages<T>(
  request: (page: KubeRequest) => Promise<KubeResponse>,
  path: string,
  query: Readonly<Record<string, string>>,
  project: (object: KubeObject) => T,
): Promise<Listed<T>> {
  const items: T[] = [];
  for (let next = ""; ;) {
    const { body } = await request({
      method: "GET",
      path,
      query: { ...query, limit: `${pageSize}`, ...(next === "" ? {} : { continue: next }) },
    });
    const metadata = isRecord(body) ? body["metadata"] : undefined;
    const page = isRecord(body) ? body["items"] : undefined;
    if (!isRecord(metadata) || !Array.isArray(page)) throw new KubeFailure("ServerError", `the answer for ${path} is not a list`);
    for (const item of page) if (isKubeObject(item)) items.push(project(item));
    next = text(metadata["continue"]);
    if (next === "") return { items, resourceVersion: text(metadata["resourceVersion"]) };
  }
}
