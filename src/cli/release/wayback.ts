import { isSuccess } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { short } from "../words.ts";

type Entry = NonNullable<NonNullable<ServiceRelease["status"]>["history"]>[number];

/** Where a rollback goes, and why there. */
export interface WayBack {
  readonly revision: string;
  readonly why: string;
}

/** What matters of a run. */
interface Going {
  readonly spec: Pick<ReleaseRun["spec"], "kind" | "revision">;
}

/** The revisions that were verified everywhere, the newest first, each once: to these the conductor goes back. */
export function verifiedIn({ status }: ServiceRelease): readonly string[] {
  const found = (status?.history ?? []).filter(isVerified).map(({ revision }) => revision);
  const stable = status?.revision?.stable;
  return [...new Set([...found, ...(stable === undefined ? [] : [stable])])];
}

function isVerified({ kind, outcome }: Entry): boolean {
  return kind !== "CatchUp" && (isSuccess(outcome) || (kind === "Rollback" && outcome === "RolledBack"));
}

/**
 * Where to go back to when nobody says it: what was verified last, before what is there now. A sentence where more than one thing
 * could be meant, or there is none. `run`: the newest, where it may be read.
 */
export function wayBack(release: ServiceRelease, run: Going | undefined): WayBack | string {
  const { metadata, spec, status } = release;
  const { name } = metadata;
  const verified = verifiedIn(release);
  const stable = status?.revision?.stable;
  const listed = (status?.history ?? []).find(({ kind }) => kind !== "CatchUp");
  const isInFlight = status?.history?.every((entry) => entry.run !== status.run) ?? true;
  if (stable === undefined) return `no revision was ever verified everywhere by ${name}: there is nothing to go back to`;
  const others = (revision: string): readonly string[] => verified.filter((one) => one !== revision);
  const choose = (revision: string): string => {
    const known = others(revision);
    return known.length === 0
      ? "no other revision was verified here"
      : `to go elsewhere name it with --to: verified were ${known.map(short).join(", ")}`;
  };
  if (isInFlight) {
    if (status?.phase === "RollingBack") return `${name} is going back already, to ${short(stable)}: ${choose(stable)}`;
    if (run?.spec.kind === "Rollback") return `${name} is going back already, to ${short(run.spec.revision)}: ${choose(run.spec.revision)}`;
    return before(run?.spec.revision ?? spec.revision);
  }
  if (listed?.kind === "Rollback" && isVerified(listed))
    return `${name} is back at ${short(listed.revision)} already: ${choose(listed.revision)}`;
  if (listed?.outcome === "RolledBack") return `${name} has gone back to ${short(stable)} already: ${choose(stable)}`;
  return before(listed?.revision ?? spec.revision);

  function before(now: string): WayBack | string {
    const [to] = others(now);
    if (to === undefined)
      return `${short(now)} is the only revision that was verified everywhere by ${name}: there is nothing to go back to`;
    return { revision: to, why: to === stable ? "it was verified last" : `it was verified last before ${short(now)}` };
  }
}

/** A revision as it is known in full: of a commit the first digits are enough, where they are of one alone. */
export function inFull(revision: string, verified: readonly string[]): string {
  if (!/^[0-9a-f]{7,39}$/.test(revision) || verified.includes(revision)) return revision;
  const found = verified.filter((one) => one.startsWith(revision));
  return found.length === 1 ? (found[0] ?? revision) : revision;
}
