import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { releaseApproval } from "#api/releaseapproval.ts";
import type { Json } from "#simulation/json.ts";
import { pathOf, RESOURCES, TEAM } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { as, conductor, conductorIn, typing, type Said } from "./terminal.ts";

const REVISION = "1".repeat(40);
const NAME = "checkout.production";
const QUESTION = `${NAME}-1-w2-g1`;

const approval = { count: 2, groups: ["release-approvers"], users: ["boss"] };
/** A canary, and a rest that two of the approvers must let begin. */
const GATED: readonly Json[] = [
  { name: "canary", clusters: { count: 1 } },
  { name: "rest", gates: [{ approval }] },
];

function fleet(waves = GATED): Simulation {
  return new Simulation({
    seed: "decide",
    clusters: ["eu-1", "eu-2", "us-1"].map((name) => ({ name })),
    environments: [{ name: "production", spec: { strategy: { waves } } }],
  });
}

/** Released by carol, and its question is asked. */
async function asking(simulation = fleet()): Promise<Simulation> {
  simulation.wishes.apply(NAME, REVISION, {}, "carol");
  await simulation.settle(180_000);
  return simulation;
}

const said = (code: number, ...lines: readonly string[]): Said => ({ code, out: lines.map((line) => `${line}\n`).join(""), err: "" });
const wrong = (line: string): Said => ({ code: 2, out: "", err: `${line}\n` });

function decisions({ home }: Simulation, name = QUESTION): unknown {
  return releaseApproval.parse(home.find(pathOf(RESOURCES.approvals, TEAM, name))).spec.decisions ?? {};
}

const SHOWN = [
  `${QUESTION} asks whether wave rest may begin`,
  `  release   ${NAME}, run ${NAME}-1, released by carol`,
  "  revision  111111111111, in place of 000000000000",
  "  clusters  2 clusters: eu-2, us-1",
  "  needs     2 approvals of members of release-approvers, boss",
  "  until     2026-01-02T09:01:08Z (23h from now)",
];

suite("one question waits", () => {
  test("it is shown, whoever sits there is asked, and the decision is under their own name", async () => {
    const simulation = await asking();
    const { input, asked } = typing("y");
    assert.deepEqual(
      await conductorIn(simulation, ["approve", NAME], { ...as(simulation, "alice"), input }),
      said(0, ...SHOWN, `✓ approve ${NAME}: Recorded: by alice on ${QUESTION}, 1 of 2 approvals`),
    );
    assert.deepEqual(asked, ["Approve this as alice? [y/N] "]);
    assert.deepEqual(decisions(simulation), { alice: { decision: "Approve" } });
  });

  for (const [what, typed] of [
    ["whoever says no", ["no"]],
    ["whoever says nothing", [""]],
    ["whoever goes away", []],
  ] as const)
    test(`${what} has decided nothing`, async () => {
      const simulation = await asking();
      assert.deepEqual(
        await conductorIn(simulation, ["approve", NAME], { ...as(simulation, "alice"), ...typing(...typed) }),
        said(1, ...SHOWN, `✗ approve ${NAME}: Refused: you said no: nothing was decided`),
      );
      assert.deepEqual(decisions(simulation), {});
    });

  test("without a terminal it is shown, and decided with --yes only", async () => {
    const simulation = await asking();
    assert.deepEqual(await conductorIn(simulation, ["approve", NAME]), {
      code: 2,
      out: said(0, ...SHOWN).out,
      err: "nobody is at a terminal to be asked: give --yes to do it without\n",
    });
    assert.deepEqual(decisions(simulation), {});
  });

  test("the last approval that it takes lets the wave begin; programs get a document", async () => {
    const simulation = await asking();
    await conductorIn(simulation, ["approve", NAME, "--yes"], as(simulation, "alice"));
    const { out, ...rest } = await conductorIn(
      simulation,
      ["approve", NAME, "--yes", "--reason", "go", "-o", "json"],
      as(simulation, "bob"),
    );
    assert.deepEqual(rest, { code: 0, err: "" });
    assert.deepEqual(JSON.parse(out), {
      version: 1,
      name: NAME,
      namespace: TEAM,
      decision: "Approve",
      user: "bob",
      reason: "go",
      result: "Recorded",
      message: `by bob on ${QUESTION}, 2 of 2 approvals: wave rest may begin`,
      question: {
        approval: QUESTION,
        purpose: "Wave",
        wave: "rest",
        freeze: null,
        revision: REVISION,
        from: ["0".repeat(40)],
        clusters: ["eu-2", "us-1"],
        clusterCount: 2,
        run: `${NAME}-1`,
        author: "carol",
        have: 2,
        need: 2,
        expiresAt: "2026-01-02T09:01:08Z",
      },
      exitCode: 0,
    });
    assert.match((await conductorIn(simulation, ["wait", NAME])).out, /Succeeded \(exit code 0\): every target is verified\n$/);
    assert.deepEqual(
      await conductorIn(simulation, ["approve", NAME, "--yes"]),
      said(1, `✗ approve ${NAME}: Refused: nothing of ${NAME} waits for a decision (${QUESTION} is Approved); it is Succeeded`),
    );
  });

  test("a rejection has a reason, takes the place of one's approval, and stops the release", async () => {
    const simulation = await asking();
    await conductorIn(simulation, ["approve", NAME, "--yes"], as(simulation, "alice"));
    const { code, out } = await conductorIn(simulation, ["reject", NAME, "--yes", "--reason", "not today"], as(simulation, "alice"));
    assert.equal(code, 0);
    assert.equal(
      out.split("\n").at(-2),
      `✓ reject ${NAME}: Recorded: by alice on ${QUESTION}: wave rest does not begin, and the run ends or goes back`,
    );
    assert.deepEqual(decisions(simulation), { alice: { decision: "Reject", reason: "not today" } });
    assert.match((await conductorIn(simulation, ["wait", NAME])).out, /RolledBack \(exit code 3\): .*rejected by alice: not today/);
  });
});

suite("several questions wait", () => {
  /** A run in which each of two freezes holds a cluster asks about both. */
  async function held(): Promise<Simulation> {
    const simulation = fleet([{ name: "all", maxConcurrency: 3 }]);
    const [from, to] = ["2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"];
    simulation.wishes.freeze("audit", { reason: "audit", from, to, clusters: { names: ["eu-1"] } });
    simulation.wishes.freeze("year-end", { reason: "holidays", from, to, clusters: { names: ["us-1"] } });
    return asking(simulation);
  }

  test("they are listed, to choose one", async () => {
    const simulation = await held();
    const [first, second] = simulation.wishes.questions().toSorted();
    const { code, out, err } = await conductorIn(simulation, ["approve", NAME, "--yes"]);
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    const [line, head, ...rows] = err.trimEnd().split("\n");
    assert.equal(line, "2 wait for a decision, choose one with --wave, --freeze or --approval:");
    assert.match(head ?? "", /^APPROVAL +ASKS-WHETHER +APPROVALS +UNTIL$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ {3,}/)).map(([name, , ...rest]) => [name, ...rest]),
      [first, second].map((name) => [name, "0/1", "2026-01-03T00:00:00Z"]),
    );
    assert.deepEqual(
      rows.map((row) => row.split(/ {3,}/)[1] ?? "").toSorted((a, b) => a.localeCompare(b)),
      ["it may go through the freeze team-a/audit", "it may go through the freeze team-a/year-end"],
    );
  });

  test("the one of a freeze is chosen by its name, and the freeze holds when it is rejected", async () => {
    const simulation = await held();
    const args = ["reject", NAME, "--freeze", "year-end", "--reason", "no", "--yes"];
    const { code, out } = await conductorIn(simulation, args, as(simulation, "mia"));
    assert.equal(code, 0);
    assert.match(out, /✓ reject checkout\.production: Recorded: by mia on checkout\.production-1-freeze-[0-9a-f]{10}: the freeze holds\n$/);
  });

  test("by the name of its object, too", async () => {
    const simulation = await held();
    const [name = ""] = simulation.wishes.questions();
    const { code, out } = await conductorIn(simulation, ["approve", NAME, "--approval", `releaseapproval.conductor.dev/${name}`, "--yes"]);
    assert.equal(code, 0);
    assert.ok(out.startsWith(`${name} asks whether it may go through the freeze team-a/`));
    assert.deepEqual(decisions(simulation, name), { ci: { decision: "Approve" } });
  });

  test("a name that none has is wrong, and says what there is", async () => {
    const { code, err } = await conductorIn(await asking(), ["approve", NAME, "--yes", "--wave", "other"]);
    assert.deepEqual(
      [
        code,
        ...err
          .trimEnd()
          .split("\n")
          .map((line) => line.split(/ {3,}/).join(" | ")),
      ],
      [
        2,
        "nothing of that name waits for a decision; there is:",
        "APPROVAL | ASKS-WHETHER | APPROVALS | UNTIL",
        `${QUESTION} | wave rest may begin | 0/2 | 2026-01-02T09:01:08Z`,
      ],
    );
  });
});

test("where nothing is asked it is said what the release waits on", async () => {
  const simulation = fleet();
  simulation.wishes.apply(NAME, REVISION, {}, "carol");
  await simulation.settle(5000);
  const { code, out } = await conductorIn(simulation, ["approve", NAME, "--yes"]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^✗ approve checkout\.production: Refused: nothing of checkout\.production waits for a decision; it waits on Settling: eu-1: .+\n$/,
  );
});

test("a rejection without a reason is wrong before anything is asked", async () => {
  for (const more of [[], ["--reason", "  "]])
    assert.deepEqual(await conductor("reject", NAME, ...more), wrong('a rejection needs a reason, for whoever has released: --reason "…"'));
});
