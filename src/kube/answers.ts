import type { Dispatcher } from "undici";
import { KubeFailure } from "./errors.ts";
import { statusFailure } from "./failures.ts";
import type { WatchFrame } from "./ports.ts";
import { isKubeObject, isRecord } from "./shape.ts";

/** The parsed body; undefined for none. Its text is never quoted: it may be a Secret. */
export async function json(answer: Dispatcher.ResponseData): Promise<unknown> {
  const body = await answer.body.text();
  if (body === "") return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    throw new KubeFailure("ServerError", `the answer ${answer.statusCode} is not JSON: is this a Kubernetes API server?`);
  }
}

/** A server, or something posing as one, must not get our credential into our logs by quoting it. */
export function withoutSecret(body: unknown, authorization: string | undefined): unknown {
  const secret = authorization?.replace(/^\w+ /, "") ?? "";
  if (!isRecord(body) || secret === "") return body;
  const clean = Object.entries(body).map(([key, value]) => [
    key,
    typeof value === "string" ? value.replaceAll(secret, "[redacted]") : value,
  ]);
  return Object.fromEntries(clean);
}

/** One event of a watch. Throws KubeFailure for an ERROR event, as what it describes. */
export function frame(line: unknown): WatchFrame {
  if (!isRecord(line)) throw new KubeFailure("ServerError", "the watch delivered something that is not an event");
  const { type, object } = line;
  if (type === "ERROR") {
    const status = isRecord(object) && typeof object["code"] === "number" ? object["code"] : 500;
    throw statusFailure(status, object, { method: "GET" });
  }
  if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED" || type === "BOOKMARK") && isKubeObject(object)) {
    return { type, object };
  }
  throw new KubeFailure("ServerError", "the watch delivered an event of an unknown type");
}
