import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { OUTCOMES, RELEASE_PHASES, RUN_PHASES, type WaitingReason } from "#api/reasons.ts";
import { releaseApprovalCrd } from "#api/releaseapproval.ts";
import { run as command } from "#plane/command.ts";
import { acquire } from "#plane/parts.ts";
import { reporter } from "#plane/progress.ts";
import { ARGO_ACTIONS, ARGOCD_CM } from "#tools/generate/argocd.ts";
import { page, rows, section, words } from "#test/unit/docs/markdown.ts";

/** What the real Argo CD makes of our kinds with the ConfigMap that users apply. Its command line runs the scripts as its controller and server do. */

type Health = "Healthy" | "Progressing" | "Degraded" | "Suspended";
type Offered = readonly (typeof ARGO_ACTIONS)[number][];

/** Every phase of a release. Adding one to src/api/reasons.ts is a compile error here, and a failure of the script until it knows it. */
const PHASES: Readonly<Record<(typeof RELEASE_PHASES)[number], readonly [Health, Offered]>> = {
  Pending: ["Progressing", []],
  Stalled: ["Degraded", []],
  Planned: ["Progressing", ["abort", "pause"]],
  Progressing: ["Progressing", ["abort", "pause"]],
  Waiting: ["Progressing", ["abort", "pause"]],
  Paused: ["Suspended", ["abort", "resume"]],
  RollingBack: ["Progressing", []],
  Succeeded: ["Healthy", []],
  SucceededWithSkips: ["Healthy", ["retry"]],
  Failed: ["Degraded", ["retry"]],
  RolledBack: ["Degraded", ["retry"]],
  RollbackIncomplete: ["Degraded", ["retry"]],
  Aborted: ["Degraded", ["retry"]],
  Superseded: ["Degraded", []],
  Drifted: ["Degraded", ["retry"]],
  Unknown: ["Degraded", []],
};
const KINDS = [
  ["ServiceRelease", RELEASE_PHASES],
  ["ReleaseRun", [...RUN_PHASES, ...OUTCOMES]],
] as const;

let argocd: string;
let folder: string;
let written = 0;

before(async () => {
  argocd = (await acquire(["argocd"], reporter(process.stderr))).argocd;
  folder = await mkdtemp(join(tmpdir(), "release-conductor-argocd-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What `argocd admin settings resource-overrides` says of an object. */
async function ask(what: string, manifest: object, ...args: readonly string[]): Promise<string> {
  const path = join(folder, `${(written += 1)}.json`);
  await writeFile(path, JSON.stringify(manifest));
  const cm = join(import.meta.dirname, "..", "..", ARGOCD_CM);
  return command(argocd, ["admin", "settings", "resource-overrides", what, path, ...args, "--argocd-cm-path", cm], {
    ARGOCD_BINARY_NAME: "argocd",
    HOME: folder,
  });
}

async function health(manifest: object): Promise<string> {
  const said = await ask("health", manifest);
  const [, status = said, message = ""] = /^STATUS: (.*)\nMESSAGE: (.*)\n$/.exec(said) ?? [];
  return `${status}: ${message}`;
}

/** The actions that are not disabled, in the order of the alphabet. */
async function offered(manifest: object): Promise<readonly string[]> {
  const [head = "", ...lines] = (await ask("list-actions", manifest)).trim().split("\n");
  assert.match(head, /^NAME +DISABLED$/);
  const actions = lines.map((line) => line.split(/\s+/));
  assert.deepEqual(
    actions.map(([name]) => name),
    ARGO_ACTIONS.toSorted(),
  );
  return actions.flatMap(([name = "", disabled]) => (disabled === "false" ? [name] : []));
}

interface Status {
  readonly phase?: string;
  readonly observedGeneration?: number;
  readonly waitingOn?: { readonly reason: WaitingReason; readonly message: string };
  readonly [field: string]: unknown;
}

/** An object whose status speaks of its newest generation, unless that says otherwise. */
function object(kind: string, status: Status | undefined, spec: object = {}): object {
  const conditions = [
    { type: "Reconciling", status: "False", reason: "Any", message: "not this one" },
    { type: "Ready", status: "False", reason: "Any", message: "what the conductor says" },
  ];
  return {
    apiVersion: "conductor.dev/v1alpha1",
    kind,
    metadata: { name: kind === "ReleaseRun" ? "checkout.production-4" : "checkout.production", namespace: "team-a", generation: 7 },
    spec,
    ...(status === undefined ? {} : { status: { observedGeneration: 7, conditions, run: "checkout.production-4", ...status } }),
  };
}

for (const [kind, phases] of KINDS)
  suite(kind, { concurrency: 2 }, () => {
    for (const phase of phases) {
      const [expected, actions] = PHASES[phase];
      test(`${phase} is ${expected}, and offers ${actions.join(" and ") || "nothing"}`, async () => {
        const found = object(kind, { phase });
        assert.equal(await health(found), `${expected}: what the conductor says`);
        assert.deepEqual(await offered(found), actions);
      });
    }

    for (const [phase, reason] of [
      ["Waiting", "Approval"],
      ["Paused", "Failures"],
      ["Paused", "Paused"],
    ] as const)
      test(`${phase} for ${reason} is Suspended, with what people are asked`, async () =>
        assert.equal(await health(object(kind, { phase, waitingOn: { reason, message: "decide" } })), "Suspended: decide"));

    for (const reason of ["Soak", "Freeze", "Analysis", "Dependency", "Targets"] as const)
      test(`Waiting for ${reason} is Progressing: it goes on by itself`, async () =>
        assert.equal(
          await health(object(kind, { phase: "Waiting", waitingOn: { reason, message: "any" } })),
          "Progressing: what the conductor says",
        ));

    test("what has gone wrong is Degraded, whatever it waited for", async () =>
      assert.equal(
        await health(object(kind, { phase: "Failed", waitingOn: { reason: "Approval", message: "decide" } })),
        "Degraded: what the conductor says",
      ));

    for (const [what, status] of [
      ["that is new", undefined],
      ["whose status speaks of an older generation", { phase: "Succeeded", observedGeneration: 6 }],
      ["whose status has no phase", {}],
    ] as const)
      test(`one ${what} is Progressing, and offers nothing`, async () => {
        const found = object(kind, status);
        assert.equal(await health(found), "Progressing: the conductor has not looked at the newest spec yet");
        assert.deepEqual(await offered(found), []);
      });

    test("a phase that the script does not know is Unknown, with what to do, and offers nothing", async () => {
      const found = object(kind, { phase: "Levitating" });
      assert.equal(
        await health(found),
        "Unknown: phase Levitating is newer than this health check: apply argocd-cm.yaml of the installed version",
      );
      assert.deepEqual(await offered(found), []);
    });

    for (const action of ARGO_ACTIONS)
      test(`${action} writes the annotation that names the run, and nothing else`, async () => {
        const found = object(kind, { phase: "Progressing" });
        const lines = (await ask("run-action", found, action)).split("\n").filter((line) => /^[<>]/.test(line));
        assert.equal(lines.length, 2, lines.join("\n"));
        assert.match(
          lines.join("\n"),
          new RegExp(`^>   annotations:\n>     conductor.dev/${action}: checkout.production-4/argocd-\\d{10}$`),
        );
      });
  });

suite("docs/gitops.md", () => {
  const text = page("docs/gitops.md");
  const phases = Object.entries(PHASES);
  /** What stands in backticks in a cell. */
  const named = (cell = ""): readonly string[] => [...words(cell.split(";")[0] ?? "")].toSorted();

  test("has the health of every phase", () => {
    const told = rows(section(text, "## Health")).map(([health = "", cell]) => [named(health)[0], named(cell)]);
    const expected = (["Healthy", "Progressing", "Suspended", "Degraded"] as const).map((health) => [
      health,
      phases.flatMap(([phase, [is]]) => (is === health ? [phase] : [])).toSorted(),
    ]);
    assert.deepEqual(told, expected);
  });

  test("has every action with the phases that offer it", () => {
    const told = rows(section(text, "## Actions")).map(([action = "", cell]) => [
      named(action)[0],
      named(cell).filter((word) => !word.startsWith("spec.")),
    ]);
    const expected = ARGO_ACTIONS.map((action) => [
      action,
      phases.flatMap(([phase, [, offers]]) => (offers.includes(action) ? [phase] : [])).toSorted(),
    ]);
    assert.deepEqual(told, expected);
  });
});

suite("others", { concurrency: 2 }, () => {
  test("a release that is paused in its spec offers no resume: that is ended in the spec", async () =>
    assert.deepEqual(await offered(object("ServiceRelease", { phase: "Paused" }, { paused: true })), ["abort"]));

  test("a release that waits to be planned because it is paused is Suspended", async () =>
    assert.equal(
      await health(object("ServiceRelease", { phase: "Pending", waitingOn: { reason: "Paused", message: "paused" } })),
      "Suspended: paused",
    ));

  test("a release without a run offers nothing", async () =>
    assert.deepEqual(await offered(object("ServiceRelease", { phase: "Failed", run: undefined })), []));

  for (const kind of ["Environment", "FreezeWindow"]) {
    for (const [status, expected] of [
      ["True", "Healthy"],
      ["False", "Degraded"],
    ] as const)
      test(`${kind} whose Ready is ${status} is ${expected}`, async () => {
        const conditions = [{ type: "Ready", status, reason: "Any", message: "why" }];
        assert.equal(await health(object(kind, { conditions })), `${expected}: why`);
      });
    test(`${kind} whose status speaks of an older generation is Progressing`, async () =>
      assert.equal(
        await health(object(kind, { observedGeneration: 6 })),
        "Progressing: the conductor has not looked at the newest spec yet",
      ));
  }

  const approvals = { Pending: "Suspended", Approved: "Healthy", Rejected: "Degraded", Expired: "Degraded", Void: "Healthy" };
  test("these are all phases of a ReleaseApproval", () =>
    assert.deepEqual(Object.keys(approvals).toSorted(), releaseApprovalCrd.schema.status.shape.phase.unwrap().options.toSorted()));
  for (const [phase, expected] of Object.entries(approvals))
    test(`ReleaseApproval ${phase} is ${expected}`, async () =>
      assert.equal(await health(object("ReleaseApproval", { phase, message: "why" })), `${expected}: why`));
  test("a ReleaseApproval with a newer decision is Progressing", async () =>
    assert.equal(
      await health(object("ReleaseApproval", { phase: "Pending", observedGeneration: 6 })),
      "Progressing: the conductor has not looked at the newest decisions yet",
    ));
});
