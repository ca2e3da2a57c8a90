import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Outcome, RunKind } from "#api/reasons.ts";
import { serviceRelease, type ServiceRelease, type ServiceReleaseStatus } from "#api/servicerelease.ts";
import { inFull, wayBack } from "#cli/release/wayback.ts";

const at = "2026-01-01T09:00:00Z";

type Ended = readonly [revision: string, outcome: Outcome, kind?: RunKind];

/** What has ended, oldest first, as runs 1, 2, …; `more` of the status, where a run is in flight. */
function release(
  revision: string,
  stable: string | undefined,
  ended: readonly Ended[],
  more: Partial<ServiceReleaseStatus> = {},
): ServiceRelease {
  const history = ended
    .map(([to, outcome, kind], index) => ({ run: `r-${index + 1}`, revision: to, outcome, kind, startedAt: at, finishedAt: at }))
    .toReversed();
  return serviceRelease.parse({
    apiVersion: "conductor.dev/v1alpha1",
    kind: "ServiceRelease",
    metadata: { name: "checkout.production", namespace: "team-a", uid: "u", resourceVersion: "1", generation: 1 },
    spec: { service: "checkout", environment: "production", revision },
    status: { run: `r-${ended.length}`, revision: { desired: revision, stable }, history, ...more },
  });
}

const inFlight = { run: "r-9" } as const;
const back = { spec: { kind: "Rollback", revision: "v1" } } as const;

suite("where a rollback goes that nobody has given a revision", () => {
  type Row = readonly [what: string, release: ServiceRelease, way: ReturnType<typeof wayBack>, run?: typeof back];
  const verified = (revision: string): Ended => [revision, "Succeeded"];
  const last = { revision: "v2", why: "it was verified last" };
  const rows: readonly Row[] = [
    [
      "from what is verified to what was before it",
      release("v2", "v2", [verified("v1"), verified("v2")]),
      { revision: "v1", why: "it was verified last before v2" },
    ],
    [
      "not to a revision that failed between",
      release("v3", "v3", [verified("v1"), ["v2", "RolledBack"], verified("v3")]),
      { revision: "v1", why: "it was verified last before v3" },
    ],
    ["from what has failed to what was verified last", release("v3", "v2", [verified("v1"), verified("v2"), ["v3", "Failed"]]), last],
    ["from what was aborted", release("v3", "v2", [verified("v2"), ["v3", "Aborted"]]), last],
    ["once more where going back was incomplete", release("v3", "v2", [verified("v2"), ["v3", "RollbackIncomplete"]]), last],
    ["from what is in flight", release("v3", "v2", [verified("v1"), verified("v2")], inFlight), last],
    [
      "from what is verified, and is tried again",
      release("v2", "v2", [verified("v1"), verified("v2")], inFlight),
      { revision: "v1", why: "it was verified last before v2" },
    ],
    [
      "a catch-up is no other revision",
      release("v2", "v2", [verified("v1"), verified("v2"), ["v2", "Succeeded", "CatchUp"]]),
      { revision: "v1", why: "it was verified last before v2" },
    ],
    [
      "what only the status remembers counts",
      release("v3", "v1", [
        ["v2", "Failed"],
        ["v3", "Failed"],
      ]),
      { revision: "v1", why: "it was verified last" },
    ],
    [
      "nowhere, where nothing was verified",
      release("v1", undefined, [["v1", "Failed"]]),
      "no revision was ever verified everywhere by checkout.production: there is nothing to go back to",
    ],
    [
      "nowhere, where there was only one",
      release("v1", "v1", [verified("v1")]),
      "v1 is the only revision that was verified everywhere by checkout.production: there is nothing to go back to",
    ],
    [
      "not further by itself, where it went back on request",
      release("v3", "v1", [verified("v1"), verified("v2"), verified("v3"), ["v1", "RolledBack", "Rollback"]]),
      "checkout.production is back at v1 already: to go elsewhere name it with --to: verified were v3, v2",
    ],
    [
      "nor where it went back by itself",
      release("v2", "v1", [verified("v1"), ["v2", "RolledBack"]]),
      "checkout.production has gone back to v1 already: no other revision was verified here",
    ],
    [
      "nor where it is going back by itself",
      release("v2", "v1", [verified("v1")], { ...inFlight, phase: "RollingBack" }),
      "checkout.production is going back already, to v1: no other revision was verified here",
    ],
    [
      "nor where it is going back on request",
      release("v3", "v3", [verified("v1"), verified("v2"), verified("v3")], inFlight),
      "checkout.production is going back already, to v1: to go elsewhere name it with --to: verified were v3, v2",
      back,
    ],
  ];
  for (const [what, one, way, run] of rows) test(what, () => assert.deepEqual(wayBack(one, run), way));
});

test("the first digits name a commit where they are of one alone", () => {
  const [one, two] = [`abcdef01${"0".repeat(32)}`, `abcdef02${"0".repeat(32)}`];
  const cases = [
    ["abcdef01", one],
    ["abcdef0", "abcdef0"],
    ["abcdef03", "abcdef03"],
    ["v1", "v1"],
    [two, two],
  ] as const;
  for (const [given, full] of cases) assert.equal(inFull(given, [one, two]), full);
});
