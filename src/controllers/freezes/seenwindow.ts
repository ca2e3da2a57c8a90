import { z } from "zod";
import { freezeWindow, type FreezeWindow } from "#api/freezewindow.ts";
import type { KubeObject } from "#kube/ports.ts";

/**
 * A FreezeWindow as the conductor sees it. One that cannot be parsed is kept, as what it would have held is not known:
 * were it lost, nothing would hold.
 */
export type SeenWindow = FreezeWindow | UnreadableWindow;

export interface UnreadableWindow {
  readonly metadata: Pick<FreezeWindow["metadata"], "namespace" | "name">;
  readonly unreadable: string;
}

/** For a reflector: takes every object. */
export function seenWindow(raw: KubeObject): SeenWindow {
  const parsed = freezeWindow.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { namespace = "", name } = raw.metadata;
  return { metadata: { namespace, name }, unreadable: `it cannot be read: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ")}` };
}
