import type { Action } from "#api/reasons.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { ACTION_PREFIX } from "#engine/actions.ts";
import { RELEASES } from "../kinds.ts";
import type { Session } from "../session.ts";

/** What is asked of a release's newest run. */
export interface Request {
  readonly action: Action;
  /** A cluster, or a revision; undefined for the actions that take none. */
  readonly argument: string | undefined;
}

/** What became of it. */
export interface Answer {
  /** Asked: nobody waited for an answer. Unanswered: it stands, and is handled later. */
  readonly result: "Done" | "Refused" | "Asked" | "Unanswered";
  readonly message: string;
  readonly run: string | null;
  /** The annotation's value. */
  readonly value: string | null;
}

/** How long the conductor is given, and how often it is looked for its answer; milliseconds. */
const PATIENCE = 15_000;
const TICK = 500;

/**
 * Annotates a release with a request for its newest run, and waits for what the conductor says to it in status.actions. Throws
 * Wrong.
 */
export async function ask(session: Session, release: ServiceRelease, { action, argument }: Request, wait: boolean): Promise<Answer> {
  const { name } = release.metadata;
  const run = release.status?.run;
  if (run === undefined) return { result: "Refused", message: `there is no run yet${waits(release)}`, run: null, value: null };
  // A value is handled once. What takes an argument is the same thing when it is asked for again; the rest is told apart by its time.
  const value = `${run}/${argument ?? new Date(session.clock.now()).toISOString()}`;
  const said = (result: Answer["result"], message: string): Answer => ({ result, message, run, value });
  if (argument !== undefined && wait) await answered(session, release, action);
  await session.patch(RELEASES, name, { metadata: { annotations: { [`${ACTION_PREFIX}${action}`]: value } } });
  if (!wait) return said("Asked", `asked of ${run}, and not waited for`);
  const { answer, last } = await echo(session, name, action, value);
  if (answer !== undefined) return said(answer.result, answer.message);
  if (session.signal.aborted) return said("Unanswered", "interrupted; what was asked stands");
  const inFlight = last.status?.conditions?.find(({ type }) => type === "Finished")?.status !== "True";
  const when = inFlight && isLater(action) ? `: it is done when ${run} has ended` : "";
  return said("Unanswered", `the conductor has not answered within ${PATIENCE / 1000}s; what was asked stands${when}`);
}

/** One that is still to be handled would be lost under this one, as with two clusters to skip. */
async function answered(session: Session, { metadata, status }: ServiceRelease, action: Action): Promise<void> {
  const before = metadata.annotations[`${ACTION_PREFIX}${action}`];
  if (before !== undefined && before.split("/", 1)[0] === status?.run) await echo(session, metadata.name, action, before);
}

type Echo = NonNullable<NonNullable<ServiceRelease["status"]>["actions"]>[number];

async function echo(
  session: Session,
  name: string,
  action: Action,
  value: string,
): Promise<{ readonly answer: Echo | undefined; readonly last: ServiceRelease }> {
  const { clock, signal } = session;
  const until = clock.now() + PATIENCE;
  for (;;) {
    const last = await session.get(RELEASES, name);
    const answer = last.status?.actions?.find((one) => one.action === action && one.value === value);
    const left = until - clock.now();
    if (answer !== undefined || left <= 0) return { answer, last };
    await clock.sleep(Math.min(TICK, left), signal);
    if (signal.aborted) return { answer: undefined, last };
  }
}

/** Whether it makes a run of its own, when none is in flight. */
function isLater(action: Action): boolean {
  return action === "retry" || action === "retry-failed" || action === "rollback-to";
}

function waits({ status }: ServiceRelease): string {
  if (status?.waitingOn !== undefined) return `; it waits on ${status.waitingOn.reason}: ${status.waitingOn.message}`;
  return status === undefined ? ": the conductor has not looked at it" : "";
}
