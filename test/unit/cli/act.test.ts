import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { serviceRelease } from "#api/servicerelease.ts";
import { pathOf, RESOURCES, TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { conductor, conductorIn, type Said } from "./terminal.ts";

const [FIRST, SECOND, BAD] = ["1".repeat(40), "2".repeat(40), "b".repeat(40)];
const NAME = "checkout.production";

/** A canary that soaks for ten minutes, then the rest. */
function fleet(): Simulation {
  const waves = [{ name: "canary", clusters: { count: 1 }, minSuccessTime: "10m" }, { name: "rest" }];
  return new Simulation({
    seed: "act",
    clusters: ["eu-1", "eu-2", "us-1"].map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy: { waves } } }],
    behaviours: (_, revision) => (revision === BAD ? { health: [{ after: 0, status: "Degraded" }] } : {}),
  });
}

/** Released at FIRST, in its canary. */
async function soaking(): Promise<Simulation> {
  const simulation = fleet();
  await conductorIn(simulation, ["deploy", NAME, "--revision", FIRST, "--no-wait"]);
  await simulation.settle(60_000);
  return simulation;
}

async function released(...revisions: readonly string[]): Promise<Simulation> {
  const simulation = fleet();
  for (const revision of revisions) await conductorIn(simulation, ["deploy", NAME, "--revision", revision]);
  return simulation;
}

function phase({ home }: Simulation): string | undefined {
  return serviceRelease.parse(home.find(pathOf(RESOURCES.releases, TEAM, NAME))).status?.phase;
}

const said = (code: number, ...lines: readonly string[]): Said => ({ code, out: lines.map((line) => `${line}\n`).join(""), err: "" });
const wrong = (line: string): Said => ({ code: 2, out: "", err: `${line}\n` });

suite("what is asked of a run", () => {
  test("a pause, its end and another pause of one run are all heard", async () => {
    const simulation = await soaking();
    for (const [command, after] of [
      ["pause", "Paused"],
      ["resume", "Waiting"],
      ["pause", "Paused"],
      ["pause", "Paused"],
      ["resume", "Waiting"],
    ] as const) {
      assert.deepEqual(await conductorIn(simulation, [command, NAME]), said(0, `✓ ${command} ${NAME}: Done: noted by ${NAME}-1`));
      await simulation.settle(5000);
      assert.equal(phase(simulation), after);
    }
  });

  test("its answer is a document for programs", async () => {
    const { out, ...rest } = await conductorIn(await soaking(), ["abort", NAME, "-o", "json"]);
    assert.deepEqual(rest, { code: 0, err: "" });
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      name: NAME,
      namespace: TEAM,
      action: "abort",
      run: `${NAME}-1`,
      value: `${NAME}-1/2026-01-01T09:01:00.015Z`,
      result: "Done",
      message: `noted by ${NAME}-1`,
      end: null,
      exitCode: 0,
    });
  });

  test("clusters are skipped one after the other, and none is lost for another while the conductor is away", async () => {
    const simulation = await soaking();
    simulation.crash(3000);
    assert.deepEqual(
      await conductorIn(simulation, ["skip", NAME, "eu-2", "--no-wait"]),
      said(0, `● skip ${NAME}: Asked: asked of ${NAME}-1, and not waited for`),
    );
    assert.deepEqual(await conductorIn(simulation, ["skip", NAME, "us-1"]), said(0, `✓ skip ${NAME}: Done: noted by ${NAME}-1`));
    const { out } = await conductorIn(simulation, ["wait", NAME]);
    assert.match(out, /SucceededWithSkips \(exit code 0\): 1 of 3 targets are verified; skipped: eu-2, us-1\n$/);
  });

  test("a resume says that spec.paused holds it nevertheless", async () => {
    const simulation = await soaking();
    simulation.wishes.patch(NAME, { spec: { paused: true } });
    assert.deepEqual(
      await conductorIn(simulation, ["resume", NAME]),
      said(0, `✓ resume ${NAME}: Done: noted by ${NAME}-1; but spec.paused of ${NAME} is true: it stays paused until that is false`),
    );
  });

  test("what is done later is said to be: a retry of a run in flight", async () => {
    assert.deepEqual(
      await conductorIn(await soaking(), ["retry", NAME]),
      said(
        5,
        `‖ retry ${NAME}: Unanswered: the conductor has not answered within 15s; what was asked stands: it is done when ${NAME}-1 has ended`,
      ),
    );
  });

  test("a conductor that is not there does not answer", async () => {
    const simulation = await soaking();
    simulation.crash();
    assert.deepEqual(
      await conductorIn(simulation, ["pause", NAME]),
      said(5, `‖ pause ${NAME}: Unanswered: the conductor has not answered within 15s; what was asked stands`),
    );
  });
});

test("Ctrl-C ends the waiting, and not what was asked", async () => {
  const simulation = await soaking();
  simulation.crash();
  const interruption = new AbortController();
  simulation.clock.after(2000, () => interruption.abort());
  assert.deepEqual(
    await conductorIn(simulation, ["pause", NAME], { interrupted: interruption.signal }),
    said(130, `‖ pause ${NAME}: Unanswered: interrupted; what was asked stands`),
  );
  simulation.start();
  await simulation.settle(10_000);
  assert.equal(phase(simulation), "Paused");
});

suite("what is refused", () => {
  const status = `  conductor status ${NAME} shows how it stands`;
  const rows: readonly (readonly [
    what: string,
    make: () => Promise<Simulation>,
    args: readonly string[],
    message: string,
    hint: string,
  ])[] = [
    ["a run that has ended is not paused", () => released(FIRST), ["pause", NAME], `${NAME}-1 has ended`, status],
    ["nor resumed", () => released(FIRST), ["resume", NAME], `${NAME}-1 has ended`, status],
    ["nor aborted", () => released(FIRST), ["abort", NAME], `${NAME}-1 has ended`, status],
    [
      "a cluster that is none of the run's is not skipped",
      soaking,
      ["skip", NAME, "mars"],
      `mars is not among the targets of ${NAME}-1`,
      `  conductor status ${NAME} --most 1000 lists its clusters`,
    ],
    [
      "where all is verified nothing has failed",
      () => released(FIRST),
      ["retry-failed", NAME],
      `every target of ${NAME}-1 is verified: there is nothing to retry`,
      `  conductor retry ${NAME} releases it once more from the first wave; conductor status ${NAME} shows how it stands`,
    ],
    [
      "nothing goes back to what was never verified",
      () => released(FIRST),
      ["rollback", NAME, "--to", "v9", "--wait"],
      `revision v9 was never verified here: verified were ${FIRST}`,
      `  conductor history ${NAME} shows what was verified`,
    ],
  ];
  for (const [what, make, args, message, hint] of rows)
    test(what, async () => {
      assert.deepEqual(await conductorIn(await make(), args), said(1, `✗ ${args[0]} ${NAME}: Refused: ${message}`, hint));
    });

  test("before there is a run it is said what the release waits for", async () => {
    const simulation = fleet();
    simulation.wishes.editEnvironment("production", { spec: { clusters: [{ name: "mars" }] } });
    await conductorIn(simulation, ["deploy", NAME, "--revision", FIRST, "--no-wait"]);
    await simulation.settle(5000);
    const { code, out } = await conductorIn(simulation, ["pause", NAME]);
    assert.equal(code, 1);
    assert.match(
      out,
      /^✗ pause checkout\.production: Refused: there is no run yet; it waits on ClusterUnknown: .+\n {2}conductor status .+\n$/,
    );
  });
});

suite("a run that is made is followed with --wait", () => {
  test("a retry, to its end and exit code", async () => {
    const { code, out } = await conductorIn(await released(FIRST, BAD), ["retry", NAME, "--wait"]);
    const lines = out.split("\n");
    assert.equal(code, 3);
    assert.equal(lines[0], `✓ retry ${NAME}: Done: ${NAME}-3 was made`);
    assert.match(lines.at(-2) ?? "", /^✗ retry checkout\.production: RolledBack: .+/);
  });

  test("a rollback goes to what was verified before, and has arrived when it is back", async () => {
    const simulation = await released(FIRST, SECOND);
    const { code, out } = await conductorIn(simulation, ["rollback", NAME, "--wait"]);
    const lines = out.split("\n");
    assert.equal(code, 0);
    assert.deepEqual(lines.slice(0, 2), [
      `${NAME} goes back to 111111111111: it was verified last before 222222222222`,
      `✓ rollback ${NAME}: Done: ${NAME}-3 was made`,
    ]);
    assert.equal(lines.at(-2), `✓ rollback ${NAME}: RolledBack: every target is back at ${FIRST}`);
    assert.deepEqual(
      await conductorIn(simulation, ["rollback", NAME]),
      wrong(`${NAME} is back at 111111111111 already: to go elsewhere name it with --to: verified were 222222222222`),
    );
  });

  test("a run in flight is aborted for a rollback; the first digits of a commit name it", async () => {
    const simulation = await released(FIRST, SECOND);
    await conductorIn(simulation, ["deploy", NAME, "--revision", "3".repeat(40), "--no-wait"]);
    await simulation.settle(60_000);
    const { code, out } = await conductorIn(simulation, ["rollback", NAME, "--to", FIRST.slice(0, 9), "--wait", "-o", "json"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      name: NAME,
      namespace: TEAM,
      action: "rollback-to",
      run: `${NAME}-3`,
      value: `${NAME}-3/${FIRST}`,
      result: "Done",
      message: `${NAME}-4 was made`,
      end: { outcome: "RolledBack", run: `${NAME}-4`, message: `every target is back at ${FIRST}` },
      exitCode: 0,
    });
  });

  test("a rollback that leaves out a cluster which does not answer has failed", async () => {
    const simulation = await released(FIRST, SECOND);
    simulation.faults.outage("us-1", { kind: "Down", how: "refused" }, 0, Infinity);
    const { code, out } = await conductorIn(simulation, ["rollback", NAME, "--wait", "--timeout", "1h30m"]);
    assert.match(out, /RollbackIncomplete: .*us-1/);
    assert.equal(code, 1);
  });
});

suite("wrong use", () => {
  const rows: readonly (readonly [args: readonly string[], line: string])[] = [
    [["pause", "checkout"], '"checkout" is no release: write <service>.<environment>, such as checkout.production'],
    [["skip", NAME, "eu-1,eu-2"], "skip takes out one cluster at a time: name one"],
    [["retry", NAME, "--timeout", "5m"], "--timeout and --no-wait-approval go with --wait"],
    [["pause"], "error: missing required argument 'release'"],
    [["pause", NAME, "--wait"], "error: unknown option '--wait'\n(Did you mean --no-wait?)"],
  ];
  for (const [args, line] of rows) test(args.join(" "), async () => assert.deepEqual(await conductor(...args), wrong(line)));
});
