import { stays, type Behaviour, type Whereabouts } from "#simulation/behaviour.ts";
import { OLD } from "#simulation/scenario.ts";
import { A, apply, ask, at, AT_ONCE, B, BAD, ended, named, NAMES, production, SCENARIO, wave, type Workload } from "./workload.ts";

const CRASH: Behaviour = stays("Degraded", "a pod crashes");

/** BAD crashes in these clusters. */
const badIn =
  (...clusters: readonly string[]) =>
  ({ cluster }: Whereabouts, revision: string): Behaviour =>
    revision === BAD && clusters.includes(cluster) ? CRASH : {};

const base = { clusters: named(NAMES) } as const;
const begin = (revision: string) => ({ when: at(0), acts: [apply(revision)] });

const GATED = [
  { name: "one", clusters: { count: 1 }, gates: [{ analysis: { templateName: "errors" } }] },
  {
    name: "two",
    clusters: { count: 2 },
    gates: [{ approval: { users: ["alice"] } }, { analysis: { templateName: "latency", background: true } }],
  },
  { name: "rest" },
];

/** The small worlds that plans are made of. */
const WORKLOADS: readonly Workload[] = [
  { ...base, name: "happy", says: "a revision goes through three waves", scenario: { ...SCENARIO, ...production() }, steps: [begin(A)] },
  {
    ...base,
    name: "fails",
    says: "a revision crashes on the second cluster of wave two, and all that it reached goes back",
    scenario: { ...SCENARIO, ...production({ waves: AT_ONCE }), behaviours: badIn("ap") },
    steps: [begin(BAD)],
  },
  {
    ...base,
    name: "queued",
    says: "a newer revision is wished in wave two, and waits for the end of the run",
    scenario: { ...SCENARIO, ...production() },
    steps: [begin(A), { when: wave(1, 2, "Progressing"), acts: [apply(B)] }],
    done: ({ finished, runs }) => finished && runs.length === 2,
  },
  {
    ...base,
    name: "replaced",
    says: "a newer revision replaces the run in the soak of its wave two and fails there: it goes back to what was verified before both",
    scenario: { ...SCENARIO, ...production({ supersede: "Replace", waves: AT_ONCE }), behaviours: badIn("us") },
    steps: [begin(A), { when: wave(1, 2, "Soaking"), acts: [apply(BAD)] }],
    done: ({ finished, runs }) => finished && runs.length === 2,
  },
  {
    ...base,
    name: "deleted",
    says: "the release is deleted in the soak of wave two",
    scenario: { ...SCENARIO, ...production() },
    steps: [begin(A), { when: wave(1, 2, "Soaking"), acts: [{ does: "Delete" }] }],
    done: ({ runs, phase }) => runs.length === 0 && phase === undefined,
  },
  {
    ...base,
    name: "paused",
    says: "a person pauses in the soak of wave one, resumes, and takes one cluster out",
    scenario: { ...SCENARIO, ...production() },
    steps: [
      begin(A),
      { when: wave(1, 1, "Soaking"), acts: [ask("pause")] },
      { when: ({ runs }) => runs[0]?.status?.phase === "Paused", acts: [ask("resume"), ask("skip", "us")] },
    ],
  },
  {
    ...base,
    name: "aborted",
    says: "a person ends the run in the soak of wave two, and has it tried again",
    scenario: { ...SCENARIO, ...production() },
    steps: [begin(A), { when: wave(1, 2, "Soaking"), acts: [ask("abort")] }, { when: ended(1), acts: [ask("retry")] }],
    done: ({ finished, runs }) => finished && runs.length === 2 && runs.every(({ status }) => status?.finishedAt !== undefined),
  },
  {
    ...base,
    name: "stopped",
    says: "a cluster fails, the run waits for a person, who goes on without it and has it tried again once it is mended",
    scenario: { ...SCENARIO, ...production({ onFailure: "Pause", waves: AT_ONCE }), behaviours: badIn("us") },
    steps: [
      begin(BAD),
      { when: ({ runs }) => runs[0]?.status?.stop !== undefined, acts: [ask("resume")] },
      { when: ended(1), acts: [{ does: "Behave", cluster: "us", revision: BAD, behaviour: {} }, ask("retry-failed")] },
    ],
    done: ({ finished, runs }) => finished && runs.length === 2 && runs.every(({ status }) => status?.finishedAt !== undefined),
  },
  {
    name: "members",
    says: "one cluster joins in wave one and is caught up, one is gone in wave two",
    clusters: ["eu", "us", "ap", "sa"].map((name) => ({ name, labels: { env: "production" } })),
    later: [{ name: "za", labels: { env: "production" } }],
    scenario: { ...SCENARIO, ...production({}, { clusters: [{ selector: { matchLabels: { env: "production" } } }] }) },
    steps: [
      begin(A),
      { when: wave(1, 1, "Soaking"), acts: [{ does: "Register", cluster: "za" }] },
      { when: wave(1, 2, "Progressing"), acts: [{ does: "Unregister", cluster: "us" }] },
    ],
    done: ({ finished, runs, revision }) => finished && runs.length >= 2 && revision("za") === A,
  },
  {
    ...base,
    name: "unreachable",
    says: "a cluster of the last wave does not answer, is left out, returns and is caught up",
    scenario: {
      ...SCENARIO,
      ...production({
        waves: [
          { name: "one", clusters: { count: 1 } },
          { name: "rest", maxConcurrency: 2 },
        ],
      }),
    },
    faults: [{ kind: "Outage", at: 0, server: "sa", outage: { kind: "Down", how: "refused" }, lasts: 240_000 }],
    steps: [begin(A)],
    done: ({ finished, revision }) => finished && revision("sa") === A,
  },
  {
    ...base,
    name: "manual",
    says: "Applications that do not sync by themselves get their operations with the values, and back",
    scenario: {
      ...SCENARIO,
      ...production(),
      behaviours: badIn("sa"),
      applications: () => [{ name: "checkout", automated: false }],
    },
    steps: [begin(BAD)],
  },
  {
    name: "hub",
    says: "two clusters are served by one Argo CD, which may have one target in flight",
    clusters: [{ name: "hub", annotations: { "conductor.dev/max-in-flight": "1" } }, { name: "edge", instance: "hub" }, { name: "eu" }],
    application: (cluster) => `checkout-${cluster}`,
    scenario: {
      ...SCENARIO,
      ...production(
        {
          waves: [
            { name: "one", clusters: { names: ["eu"] } },
            { name: "rest", maxConcurrency: 2 },
          ],
        },
        { application: { name: "{{service}}-{{cluster}}", targetRevision: "{{revision}}" } },
      ),
      applications: ({ name }) => [{ name: `checkout-${name}` }],
    },
    steps: [begin(A)],
  },
  {
    ...base,
    name: "drifted",
    says: "after a verified release a revision fails, and one of the clusters that it reached was changed by somebody",
    scenario: { ...SCENARIO, ...production({ waves: AT_ONCE }), behaviours: badIn("ap") },
    steps: [
      begin(A),
      { when: ended(1), acts: [apply(BAD)] },
      { when: ({ revision }) => revision("us") === BAD && revision("ap") === BAD, acts: [{ does: "Steer", cluster: "eu", revision: OLD }] },
    ],
    done: ({ finished, runs }) => finished && runs.length === 2,
  },
  {
    ...base,
    name: "shared",
    says: "a release of another environment wants the same Applications, and waits",
    scenario: {
      ...SCENARIO,
      environments: [
        ...(production().environments ?? []),
        ...(production().environments ?? []).map(({ spec }) => ({ name: "staging", ...(spec === undefined ? {} : { spec }) })),
      ],
      applications: () => [
        { name: "checkout", annotations: { "conductor.dev/authorized": "team-a/checkout.production,team-a/checkout.staging" } },
      ],
    },
    steps: [begin(A), { when: wave(1, 2, "Progressing"), acts: [{ does: "Apply", revision: B, release: "checkout.staging" }] }],
  },
  {
    ...base,
    name: "gated",
    says: "metrics pass the first wave, a person lets the second begin, which metrics watch, and a freeze holds the last for a while",
    scenario: {
      ...SCENARIO,
      ...production({ waves: GATED }),
      analyses: { errors: { measures: () => ["Successful", "Successful"] }, latency: { endless: true } },
    },
    steps: [
      {
        when: at(0),
        acts: [
          { does: "Freeze", name: "campaign", lasts: 240_000, clusters: ["sa"] },
          { does: "Apply", revision: A, author: "dana" },
        ],
      },
      { when: ({ isAsked }) => isAsked, acts: [{ does: "Decide", who: "alice" }] },
    ],
  },
  {
    ...base,
    name: "measured",
    says: "metrics of wave two fail in the background, and all that it reached goes back",
    scenario: {
      ...SCENARIO,
      ...production({ waves: GATED }),
      analyses: { errors: {}, latency: { endless: true, measures: () => ["Successful", "Failed"] } },
    },
    steps: [
      { when: at(0), acts: [{ does: "Apply", revision: A, author: "dana" }] },
      { when: ({ isAsked }) => isAsked, acts: [{ does: "Decide", who: "alice" }] },
    ],
  },
  {
    ...base,
    name: "refused",
    says: "one Application does not consent: nothing is written anywhere",
    scenario: {
      ...SCENARIO,
      ...production(),
      applications: ({ name }) => [{ name: "checkout", ...(name === "sa" ? { annotations: {} } : {}) }],
    },
    steps: [begin(A)],
    done: ({ phase }) => phase === "Stalled",
  },
];

export function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no workload ${name}: there are ${WORKLOADS.map((one) => one.name).join(", ")}`);
  return found;
}
