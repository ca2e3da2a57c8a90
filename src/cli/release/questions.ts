import type { ReleaseApproval } from "#api/releaseapproval.ts";
import { APPROVALS } from "../kinds.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { lasting, plural, short, some, wrapped } from "../words.ts";

/** Which of several questions is meant. */
export interface Chosen {
  readonly wave?: string;
  readonly freeze?: string;
  readonly approval?: string;
}

/** What people are asked about a release, by its newest run; `run`: that run, where it is known. */
export async function questionsOf(
  session: Session,
  { service, environment }: { readonly service: string; readonly environment: string },
  run: string | undefined,
): Promise<readonly ReleaseApproval[]> {
  const all = await session.list(APPROVALS);
  return all.filter(
    ({ spec }) => spec.service === service && spec.environment === environment && (run === undefined || spec.run.name === run),
  );
}

export function isOpen({ status }: ReleaseApproval): boolean {
  return status?.phase === undefined || status.phase === "Pending";
}

export function isChosen({ metadata, spec }: ReleaseApproval, { wave, freeze, approval }: Chosen): boolean {
  if (approval !== undefined && metadata.name !== approval.replace(/^.*\//, "")) return false;
  if (wave !== undefined && spec.wave !== wave) return false;
  return freeze === undefined || spec.freeze === freeze || spec.freeze?.endsWith(`/${freeze}`) === true;
}

/** What its answer decides, in words that follow "whether". */
export function subject({ spec }: ReleaseApproval): string {
  return spec.purpose === "Wave" ? `wave ${spec.wave ?? ""} may begin` : `it may go through the freeze ${spec.freeze ?? ""}`;
}

/** Whose approval counts: that of whoever has released does not. */
export function approvers({ spec }: ReleaseApproval): readonly string[] {
  return Object.entries(spec.decisions ?? {}).flatMap(([user, { decision }]) =>
    decision === "Approve" && user !== spec.author ? [user] : [],
  );
}

/** A question as `approve -o json` prints it. */
export function questionView(approval: ReleaseApproval) {
  const { metadata, spec } = approval;
  const { purpose, wave = null, freeze = null, revision, author = null, run, changes, expiresAt, count } = spec;
  return {
    approval: metadata.name,
    purpose,
    wave,
    freeze,
    revision,
    from: changes.from,
    clusters: changes.clusters,
    clusterCount: changes.clusterCount,
    run: run.name,
    author,
    have: approvers(approval).length,
    need: count,
    expiresAt,
  };
}

/** What is asked, for whoever decides. `now` in milliseconds since the epoch. */
export function questionText(approval: ReleaseApproval, width: number, now: number): string {
  const { metadata, spec } = approval;
  const { from, clusters, clusterCount } = spec.changes;
  const by = approvers(approval);
  const who = [...(spec.groups ?? []).map((group) => `members of ${group}`), ...(spec.users ?? []), ...(spec.serviceAccounts ?? [])];
  const left = Date.parse(spec.expiresAt) - now;
  const lines: readonly (readonly [string, string])[] = [
    [
      "release",
      `${spec.service}.${spec.environment}, run ${spec.run.name}${spec.author === undefined ? "" : `, released by ${spec.author}`}`,
    ],
    ["revision", `${short(spec.revision)}${from.length === 0 ? "" : `, in place of ${some(from.map(short), 3)}`}`],
    ["clusters", `${plural(clusterCount, "cluster")}: ${some(clusters, 10)}${clusterCount > clusters.length ? ", …" : ""}`],
    [
      "needs",
      `${plural(spec.count, "approval")}${who.length === 0 ? "" : ` of ${some(who, 10)}`}${by.length === 0 ? "" : `, has that of ${by.join(", ")}`}`,
    ],
    ["until", `${spec.expiresAt}${left > 0 ? ` (${lasting(left)} from now)` : ""}`],
  ];
  return `${metadata.name} asks whether ${subject(approval)}\n${lines.map(([what, text]) => `${wrapped(`  ${what.padEnd(10)}`, text, width)}\n`).join("")}`;
}

export function questionTable(questions: readonly ReleaseApproval[]): string {
  return table(
    ["APPROVAL", "ASKS-WHETHER", "APPROVALS", "UNTIL"],
    questions.map((one) => [one.metadata.name, subject(one), `${approvers(one).length}/${one.spec.count}`, one.spec.expiresAt]),
  );
}
