import type { Write } from "#simulation/writes.ts";
import { releaseRun, type ReleaseRun } from "#api/releaserun.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { kindOf, type Books } from "./books.ts";
import type { Asked } from "./overhear.ts";
import type { Weather } from "./weather.ts";

/** One write, as those see it who watch over the invariants: `books` speak of what was before it. */
export interface Sight {
  readonly write: Write;
  /** The request that it came of, where it came of one. */
  readonly asked: Asked | undefined;
  readonly books: Books;
  readonly weather: Weather;
}

/** Says in sentences what is wrong with a write. */
export type Check = (sight: Sight) => Iterable<string>;

/** What a write of the conductor steers; undefined for any other write. */
export function steering({ write, books }: Sight) {
  const { who, resource, before, after } = write;
  if (who !== CONDUCTOR || resource !== RESOURCES.applications || before === undefined || after === undefined) return undefined;
  const found = books.steering(write);
  const kind = kindOf(before, after);
  return { ...kind, book: found?.book, target: found?.target, before, after };
}

/** A status of a run that is stored, with the one before it. */
export function stored({ write, books }: Sight) {
  const { who, resource, after } = write;
  if (who !== CONDUCTOR || resource !== RESOURCES.runs || after === undefined || write.subresource !== "status") return undefined;
  const book = books.runs.get(after.metadata.uid ?? "");
  if (book === undefined) return undefined;
  const next: ReleaseRun = releaseRun.parse(after);
  // What an ended run says is shortened later: that is no news of its targets.
  if (book.run.status?.finishedAt !== undefined) return undefined;
  return { book, before: book.run, next };
}
