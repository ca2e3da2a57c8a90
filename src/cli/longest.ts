import { isSuccess } from "#api/reasons.ts";
import { milliseconds } from "#api/rules.ts";
import type { HealthAt } from "#simulation/behaviour.ts";
import type { Course } from "./course.ts";
import { seconds } from "./facts.ts";
import type { Longest } from "./report.ts";
import { NO_FAULTS } from "./faults.ts";
import { USUALLY, type Setup } from "./setup.ts";

/** How long before its wave is verified a cluster stops being healthy, so that Argo CD can say so in time. */
const IN_TIME = 3000;

/** The longest good course and the longest bad one (report.ts), each simulated. `course` is the one with the faults that were asked for. */
export async function longestOf(setup: Setup, course: Course, follow: (setup: Setup, what: string) => Promise<Course>): Promise<Longest> {
  const { fail, unreachable, slow } = setup.faults;
  const clean: Setup = { ...setup, faults: { ...NO_FAULTS, slow } };
  const good = fail.size + unreachable.size === 0 ? course : await follow(clean, "longest good course");
  const shown = { at: seconds(good.at), ended: good.ended, phase: good.phase, message: good.message };
  const [run] = good.runs;
  if (run === undefined || !isSuccess(good.phase)) return { good: shown, bad: null };

  // 1. Who fails, and when? The last that were started, more than the wave may lose.
  const last = run.spec.waves.length - 1;
  const own = run.spec.targets.filter(({ wave }) => wave === last + 1).map(({ cluster }) => cluster);
  const victims = own.slice(-((run.spec.waves[last]?.maxFailures ?? 0) + 1));
  const from = good.at - IN_TIME;

  // 2. What becomes of that? Until then it is the same simulation.
  const courses = new Map(
    victims.map((cluster) => [cluster, healthUntil(from - (good.appliedAt.get(cluster) ?? 0), slow.get(cluster))] as const),
  );
  const bad = await follow({ ...clean, courses }, "longest bad course");
  const { strategy } = setup.manifest.spec;
  return {
    good: shown,
    bad: {
      at: seconds(bad.at),
      ended: bad.ended,
      phase: bad.phase,
      clusters: victims,
      failFrom: seconds(from),
      progressDeadline: milliseconds(strategy.progressDeadline) / 1000,
      onFailure: strategy.onFailure,
    },
  };
}

/** Healthy as usual, and from `end` milliseconds after its sync on in progress for ever. */
function healthUntil(end: number, slow: number = USUALLY.healthy): readonly HealthAt[] {
  const lost: HealthAt = { after: Math.max(0, end), status: "Progressing", message: "a pod does not come back" };
  return slow < end ? [{ after: slow, status: "Healthy" }, lost] : [lost];
}
