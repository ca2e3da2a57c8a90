import { withoutCredentials } from "./fields.ts";

/** As much of what Argo CD says as is kept. */
export const MESSAGE = 700;

/** What Argo CD says, as long as we show it; git names a repository with the password in its URL. */
export function said(message: string | undefined): string {
  return withoutCredentials(message ?? "").slice(0, MESSAGE);
}
