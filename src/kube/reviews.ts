import type { KubeClient } from "./client.ts";
import { failed } from "./errors.ts";
import { isRecord } from "./shape.ts";

/** One thing that somebody may do, as a Role would grant it. No namespace: in all of them, or of what has none. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/** Whether a request is a question in the form of a POST: the API server answers it and stores nothing. */
export function isQuestion({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === "POST" && path === REVIEWS;
}

/**
 * Whether the API server lets us: it asks itself, whatever decides there. Undefined when it does not say, because it does not take
 * the question or could not decide. Throws KubeFailure while nobody answers.
 */
export async function mayI(client: KubeClient, access: Access, signal: AbortSignal): Promise<boolean | undefined> {
  const { verb, group, resource, subresource, namespace, name } = access;
  const resourceAttributes = { verb, group, resource, subresource, namespace, name };
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } };
  try {
    const { status } = await client.create<{ readonly status?: unknown }>(REVIEWS, review, signal);
    if (!isRecord(status)) return undefined;
    if (status["allowed"] === true) return true;
    return status["allowed"] === false && !status["evaluationError"] ? false : undefined;
  } catch (error) {
    if (failed(error, "Forbidden", "NotFound", "Invalid")) return undefined;
    throw error;
  }
}
