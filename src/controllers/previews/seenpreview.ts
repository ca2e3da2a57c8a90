import { z } from "zod";
import { releasePreview, type ReleasePreview } from "#api/releasepreview.ts";
import type { KubeObject } from "#kube/ports.ts";

/** A ReleasePreview as the conductor keeps it. Of one that is decided, or cannot be read, only that it is there: it waits to be deleted. */
export interface SeenPreview {
  readonly metadata: ReleasePreview["metadata"];
  readonly undecided: ReleasePreview | undefined;
  /** It was refused because there were too many: it has cost nothing. */
  readonly turnedAway: boolean;
}

const { metadata } = releasePreview.shape;
const decided = z.object({ metadata, status: z.object({ phase: z.enum(["Planned", "Refused"]), reason: z.string().optional() }) });

/** For a reflector: takes every object. */
export function seenPreview(raw: KubeObject): SeenPreview {
  const known = decided.safeParse(raw);
  if (known.success)
    return { metadata: known.data.metadata, undecided: undefined, turnedAway: known.data.status.reason === "TooManyPreviews" };
  const parsed = releasePreview.safeParse(raw);
  if (parsed.success) return { metadata: parsed.data.metadata, undecided: parsed.data, turnedAway: false };
  return { metadata: metadata.parse(raw.metadata), undecided: undefined, turnedAway: true };
}
