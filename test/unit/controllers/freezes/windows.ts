import { freezeWindow, type FreezeWindow, type FreezeWindowSpec } from "#api/freezewindow.ts";
import { API_VERSION } from "#api/rules.ts";

export const REASON = "Nobody is at work";

/** A FreezeWindow `<namespace>/<name>` as it comes from the API server. */
export function windowOf(spec: Partial<FreezeWindowSpec>, key = "team-a/freeze"): FreezeWindow {
  const [namespace = "", name = ""] = key.split("/");
  const metadata = { namespace, name, uid: `uid-of-${name}`, resourceVersion: "1" };
  return freezeWindow.parse({ apiVersion: API_VERSION, kind: "FreezeWindow", metadata, spec: { reason: REASON, ...spec } });
}

/** Milliseconds since the epoch of what is written without seconds, such as 2026-11-23T10:00Z. */
export function at(text: string): number {
  const found = Date.parse(text);
  if (Number.isNaN(found)) throw new Error(`${text} is no date`);
  return found;
}

export function written(time: number | undefined): string {
  return time === undefined ? "never" : new Date(time).toISOString().replace(/:00\.000Z$/, "Z");
}
