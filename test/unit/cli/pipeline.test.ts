import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  annotation,
  dotenv,
  harmless,
  outputs,
  pipelineOf,
  sectionEnd,
  sectionStart,
  summary,
  type Course,
  type Ending,
} from "#cli/pipeline.ts";

const ARRIVED: Ending = {
  name: "checkout.production",
  namespace: "team-a",
  revision: "4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38",
  outcome: "Succeeded",
  exitCode: 0,
  message: "every target is verified",
  run: "checkout.production-7",
  url: "https://releases.example/checkout",
};
const FAILED: Ending = { ...ARRIVED, outcome: "RolledBack", exitCode: 3, message: "us-east-1 is Degraded" };
const NOW = 1_764_060_000_500;

test("a pipeline is known by what it sets in a job's environment", () => {
  const table = [
    [{ GITLAB_CI: "true", CI: "true" }, "GitLab"],
    [{ GITHUB_ACTIONS: "true", CI: "true" }, "GitHub"],
    [{ CI: "true" }, undefined],
    [{ GITLAB_CI: "" }, undefined],
    [{}, undefined],
  ] as const;
  for (const [env, pipeline] of table) assert.equal(pipelineOf(env), pipeline);
});

suite("sections", () => {
  test("of GitLab have a time, a name of its letters, and a header", () => {
    assert.equal(
      sectionStart("GitLab", "checkout.production wave 1/3", "Wave 1 of 3", NOW),
      "\u001b[0Ksection_start:1764060000:checkout.production_wave_1_3\r\u001b[0KWave 1 of 3\n",
    );
    assert.equal(
      sectionStart("GitLab", "plan", "What is written", NOW, true),
      "\u001b[0Ksection_start:1764060000:plan[collapsed=true]\r\u001b[0KWhat is written\n",
    );
    assert.equal(sectionEnd("GitLab", "plan", NOW), "\u001b[0Ksection_end:1764060000:plan\r\u001b[0K\n");
  });

  test("of GitHub are groups", () => {
    assert.equal(sectionStart("GitHub", "plan", "100% of it", NOW), "::group::100%25 of it\n");
    assert.equal(sectionEnd("GitHub", "plan", NOW), "::endgroup::\n");
  });

  test("a header cannot end its section", () => {
    const header = "eu\r\u001b[0Ksection_end:1:plan\n::endgroup::";
    assert.equal(
      sectionStart("GitLab", "plan", header, NOW),
      "\u001b[0Ksection_start:1764060000:plan\r\u001b[0Keu [0Ksection_end:1:plan : :endgroup::\n",
    );
    assert.equal(sectionStart("GitHub", "plan", header, NOW), "::group::eu [0Ksection_end:1:plan : :endgroup::\n");
  });
});

suite("what a cluster says is shown, and not carried out", () => {
  for (const [said, shown] of [
    ["all is well", "all is well"],
    ["a::b c ::d", "a::b c ::d"],
    ["::add-mask::a", ": :add-mask::a"],
    ["fine\n  ::stop-commands::x\nfine", "fine\n  : :stop-commands::x\nfine"],
    ["fine\r::error::x", "fine\n: :error::x"],
    ["no ##[command]rm", "no ## [command]rm"],
    ["\u200b::error::x", ": :error::x"],
    ["##\u2060[error]x", "## [error]x"],
    ["\u001b[31mred\u001b[0m", "[31mred[0m"],
    ["tab\there", "tab\there"],
  ] as const)
    test(JSON.stringify(said), () => assert.equal(harmless(said), shown));

  test("whatever it is made of", () => {
    const pieces = fc.constantFrom(
      "::",
      ":",
      "##[",
      "##",
      "[",
      "error",
      "]",
      " ",
      "\t",
      "\n",
      "\r",
      "\u001b",
      "\u0085",
      "\u2028",
      "\u200b",
      "\0",
      "\u00a0",
      "a",
    );
    const text = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (said) => {
        const shown = harmless(said);
        assert.ok(!shown.includes("##["));
        assert.ok(!/[^\P{Cc}\n\t]/u.test(shown));
        for (const line of shown.split(/[\n\r\u0085\u2028\u2029]/)) assert.ok(!line.trimStart().startsWith("::"), JSON.stringify(line));
        assert.equal(harmless(shown), shown);
      }),
    );
  });
});

suite("annotations", () => {
  test("a release that has arrived needs none", () => assert.equal(annotation(ARRIVED), undefined));

  test("one that was rolled back is an error", () => {
    assert.equal(annotation(FAILED), "::error title=checkout.production was rolled back::us-east-1 is Degraded\n");
  });

  test("each ending has its level", () => {
    const levels = ([0, 1, 2, 3, 4, 5, 6, 130] as const).map((exitCode) => /^::(\w+)/.exec(annotation({ ...FAILED, exitCode }) ?? "")?.[1]);
    assert.deepEqual(levels, [undefined, "error", "error", "error", "warning", "warning", "notice", "warning"]);
  });

  test("neither name nor message ends the command or begins another", () => {
    const nasty = { ...FAILED, name: "a,file=x::b", message: "100%\n::error::gotcha\r##[add-path]x" };
    assert.equal(annotation(nasty), "::error title=a%2Cfile=x%3A%3Ab was rolled back::100%25 : :error::gotcha ## [add-path]x\n");
  });
});

suite("what later steps read", () => {
  test("in GitHub", () =>
    assert.equal(outputs(ARRIVED), "outcome=Succeeded\nexit-code=0\nrun=checkout.production-7\nurl=https://releases.example/checkout\n"));
  test("in GitLab", () =>
    assert.equal(
      dotenv(ARRIVED),
      "CONDUCTOR_OUTCOME=Succeeded\nCONDUCTOR_EXIT_CODE=0\nCONDUCTOR_RUN=checkout.production-7\nCONDUCTOR_URL=https://releases.example/checkout\n",
    ));
  test("a release without a run has an empty one", () => assert.match(outputs({ ...ARRIVED, run: null, url: null }), /\nrun=\nurl=\n$/));
  test("no value adds another", () => {
    const nasty = { ...ARRIVED, run: "x\nPATH=/tmp\r\nLD_PRELOAD=y" };
    assert.equal(outputs(nasty), "outcome=Succeeded\nexit-code=0\nrun=x PATH=/tmp LD_PRELOAD=y\nurl=https://releases.example/checkout\n");
    assert.equal(dotenv(nasty).split("\n").length, 5);
  });
});

suite("the summary of a job", () => {
  const course: Course = {
    waves: [
      { name: "canary", phase: "Verified", ready: 1, total: 1 },
      { name: "rest", phase: "Failed", ready: 0, total: 2 },
    ],
    clusters: [{ name: "us-east-1", phase: "RolledBack", reason: "Verified", message: "it had failed: Degraded" }],
  };

  test("says what was released and how it went, with its waves and the clusters that are not done", () => {
    assert.equal(
      summary(FAILED, course),
      [
        "### checkout.production was rolled back",
        "",
        "us-east-1 is Degraded",
        "",
        "|  |  |",
        "| --- | --- |",
        "| Outcome | RolledBack \\(exit code 3\\) |",
        "| Revision | 4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38 |",
        "| Namespace | team-a |",
        "| Run | checkout.production-7 |",
        "| Where to see it | https://releases.example/checkout |",
        "",
        "| Wave | Phase | Ready |",
        "| --- | --- | --- |",
        "| canary | Verified | 1/1 |",
        "| rest | Failed | 0/2 |",
        "",
        "| Cluster | Phase | Reason | Message |",
        "| --- | --- | --- | --- |",
        "| us-east-1 | RolledBack | Verified | it had failed: Degraded |",
        "",
        "",
      ].join("\n"),
    );
  });

  test("leaves out what is not known", () => {
    assert.equal(
      summary({ ...ARRIVED, run: null, url: null }, { waves: null, clusters: [] }),
      [
        "### checkout.production has arrived",
        "",
        "every target is verified",
        "",
        "|  |  |",
        "| --- | --- |",
        "| Outcome | Succeeded \\(exit code 0\\) |",
        "| Revision | 4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38 |",
        "| Namespace | team-a |",
        "",
        "",
      ].join("\n"),
    );
  });

  test("shows a message as text: it is no markup, and no cell", () => {
    const message = "<img src=x> | [click](https://a) `x`\n\n# title";
    const text = summary(FAILED, { waves: null, clusters: [{ name: "eu", phase: "Failed", reason: "Degraded", message }] });
    assert.match(text, /\| eu \| Failed \| Degraded \| &lt;img src=x&gt; \\\| \\\[click\\\]\\\(https:\/\/a\\\) \\`x\\` \\# title \|\n/);
  });
});
