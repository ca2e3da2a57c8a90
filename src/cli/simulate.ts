import { refuseRevision } from "#api/revision.ts";
import { label } from "#api/rules.ts";
import { chance } from "#simulation/random.ts";
import { contentsOf } from "./contents.ts";
import { follow, type Course, type Progress } from "./course.ts";
import { clustersOf, runsOf, seconds } from "./facts.ts";
import { faultsOf, type Asked } from "./faults.ts";
import { fleetOf, type InventedFleet } from "./fleet.ts";
import { longestOf } from "./longest.ts";
import { environmentIn, type Manifest } from "./manifest.ts";
import type { Report } from "./report.ts";
import { REVISIONS, type Setup } from "./setup.ts";
import { Wrong } from "./wrong.ts";

/** What was typed. */
export interface Options extends Asked {
  readonly file: string;
  readonly environment?: string;
  readonly clusters?: number;
  readonly service: string;
  readonly revision?: string;
  readonly seed: string;
}

/** Simulates a release, and how long another might take. Throws Wrong when what was typed, or the Environment, cannot be released. */
export async function simulate(options: Options, tell: (what: string, progress: () => Progress) => void): Promise<Report> {
  const { manifest, notes } = ungated(environmentIn(contentsOf(options.file), options.file, options.environment));
  const { revision: kind } = manifest.spec;
  const service = label("--service").safeParse(options.service);
  if (!service.success) throw new Wrong(service.error.issues[0]?.message ?? "--service is no name");
  const revision = options.revision ?? REVISIONS[kind].next;
  const refusal = refuseRevision(kind, revision);
  if (refusal !== undefined) throw new Wrong(`--revision: ${refusal} (the Environment takes revision: ${kind})`);
  const found = fleetOf(manifest.spec, options.clusters);
  const fleet = { ...found, notes: [...found.notes, ...notes] };
  const names = fleet.clusters.map(({ name }) => name);
  const faults = faultsOf(options, names, chance(options.seed).split("faults"));

  const setup: Setup = { manifest, ...fleet, service: service.data, revision, seed: options.seed, faults };
  const run = (one: Setup, what: string): Promise<Course> => follow(one, (progress) => tell(what, progress));
  const course = await run(setup, "release");
  if (course.stalled !== undefined) throw new Wrong(`${options.file}: this release would be Stalled: ${course.stalled}`);
  const longest = await longestOf(setup, course, run);
  return { ...report(setup, fleet, course), longest };
}

/** People, metrics and other releases are not simulated: what waits for them goes on at once, and it is said. */
function ungated(manifest: Manifest): { readonly manifest: Manifest; readonly notes: readonly string[] } {
  const { dependsOn, waves, ...strategy } = manifest.spec.strategy;
  const gates = waves.flatMap((wave) => wave.gates ?? []);
  const open = [
    ...(gates.some(({ approval }) => approval !== undefined) ? ["approvals"] : []),
    ...(gates.some(({ analysis }) => analysis !== undefined) ? ["analyses"] : []),
    ...(dependsOn === undefined ? [] : ["dependsOn"]),
  ];
  if (open.length === 0) return { manifest, notes: [] };
  const bare = { ...strategy, waves: waves.map((wave) => ({ ...wave, gates: undefined })) };
  return {
    manifest: { ...manifest, spec: { ...manifest.spec, strategy: bare } },
    notes: [`gates open at once, as nobody answers here: ${open.join(", ")}`],
  };
}

function report(
  { manifest, service, revision, seed, faults, clusters }: Setup,
  fleet: InventedFleet,
  course: Course,
): Omit<Report, "longest"> {
  const { old, next } = REVISIONS[manifest.spec.revision];
  return {
    version: 1,
    release: { name: `${service}.${manifest.name}`, environment: manifest.name, revision, before: revision === old ? next : old },
    seed,
    fleet: { clusters: clusters.length, invented: fleet.invented.length, notes: fleet.notes },
    faults: {
      fail: [...faults.fail],
      unreachable: [...faults.unreachable].map(([cluster, lasts]) => ({ cluster, seconds: lasts === undefined ? null : seconds(lasts) })),
      slow: [...faults.slow].map(([cluster, lasts]) => ({ cluster, seconds: seconds(lasts) })),
    },
    outcome: { phase: course.phase, ended: course.ended, at: seconds(course.at), message: course.message },
    runs: runsOf(course),
    clusters: clustersOf(
      course,
      clusters.map(({ name }) => name),
    ),
  };
}
