import { X509Certificate } from "node:crypto";
import { z } from "zod";
import type { Credential } from "./credential.ts";

/** From when until when a credential is what it is, in milliseconds since the epoch; undefined where that cannot be known. */
export interface Validity {
  /** When the Secret's data was last written, by whoever wrote it. */
  readonly since: number | undefined;
  /** When the API server will refuse it: the first of a token's and a certificate's ends. */
  readonly expiresAt: number | undefined;
}

/** Of a Secret's metadata, as far as it tells who wrote what and when. */
export const written = {
  creationTimestamp: z.string().optional().catch(undefined),
  managedFields: z
    .array(z.object({ time: z.string().optional(), fieldsV1: z.record(z.string(), z.unknown()).optional() }))
    .optional()
    .catch(undefined),
};

/**
 * The newest time at which somebody wrote the Secret's data. Who writes data and labels together moves it with the labels, too: the
 * API server keeps one time for each of those who write.
 */
export function writtenAt({ creationTimestamp, managedFields = [] }: z.infer<z.ZodObject<typeof written>>): number | undefined {
  const writers = managedFields.filter(({ fieldsV1 }) => fieldsV1 !== undefined && ("f:data" in fieldsV1 || "f:stringData" in fieldsV1));
  const times = writers.map(({ time }) => Date.parse(time ?? "")).filter((time) => !Number.isNaN(time));
  const newest = times.length > 0 ? Math.max(...times) : Date.parse(creationTimestamp ?? "");
  return Number.isNaN(newest) ? undefined : newest;
}

export function expiryOf({ token, certificate }: Pick<Credential, "token" | "certificate">): number | undefined {
  const ends = [
    token === undefined ? undefined : tokenEnd(token),
    certificate === undefined ? undefined : certificateEnd(certificate.cert),
  ].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

const claims = z.object({ exp: z.number().positive() });

/** The claim `exp` of a JWT (RFC 7519, 4.1.4). Its signature is the API server's to verify. Other tokens do not say. */
function tokenEnd(token: string): number | undefined {
  const [, payload, ...rest] = token.split(".");
  if (payload === undefined || rest.length !== 1) return undefined;
  try {
    const { data } = claims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
    return data === undefined || !isDate(data.exp * 1000) ? undefined : data.exp * 1000;
  } catch {
    return undefined;
  }
}

/** The end of the first certificate in base64 of PEM: those after it are of who has signed it. */
function certificateEnd(cert: string): number | undefined {
  try {
    const end = new X509Certificate(Buffer.from(cert, "base64")).validToDate.getTime();
    return isDate(end) ? end : undefined;
  } catch {
    return undefined;
  }
}

/** What a timestamp of Kubernetes can say: years of four digits. */
function isDate(time: number): boolean {
  return time >= 0 && time < Date.UTC(10_000, 0, 1);
}
