import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { castOf, castText, type Cast } from "#tools/record/cast.ts";
import { framesOf, LONGEST, textOf } from "#tools/record/frames.ts";
import { Grid } from "#tools/record/grid.ts";
import { svgOf } from "#tools/record/svg.ts";

const ESCAPE = "\u001b";

/** A command that writes this, at these seconds. */
function cast(written: Cast["written"], more: Partial<Cast> = {}): Cast {
  const command = "conductor status";
  return { title: "T", command, columns: 40, rows: 10, timestamp: 1_790_000_000, written, ended: 9, exitCode: 0, ...more };
}

test("what is drawn over something takes its place, with its colours", () => {
  const grid = new Grid(20, 5);
  grid.write(`one\ntwo\n${ESCAPE}[2A\r${ESCAPE}[0J${ESCAPE}[31mred${ESCAPE}[39m and ${ESCAPE}[1mbold${ESCAPE}[22m\n`);
  assert.equal(grid.text, "red and bold\n");
  assert.deepEqual(grid.runs[0], [
    { column: 0, text: "red", style: { colour: "red", bold: false } },
    { column: 3, text: " and ", style: { colour: undefined, bold: false } },
    { column: 8, text: "bold", style: { colour: undefined, bold: true } },
  ]);
});

test("a line that is too long goes on in the next, and what has scrolled away is out of reach", () => {
  const grid = new Grid(4, 2);
  grid.write("abcdef\n");
  assert.equal(grid.text, "abcd\nef\n");
  assert.throws(() => grid.write(`${ESCAPE}[2A`), /it goes up 2 rows, over the top of a screen of 2/);
});

test("what no terminal of ours is written is an error, and not left out", () => {
  for (const text of [`${ESCAPE}[2K`, `${ESCAPE}[5m`, `${ESCAPE}]8;;x`]) assert.throws(() => new Grid(80, 24).write(text));
});

test("a recording is read as it was written, to the millisecond", () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5000), fc.string({ unit: "binary" })), { maxLength: 20 }), fc.nat(130), (events, exitCode) => {
      let now = 0;
      const written = events.map(([wait, text]) => [(now += wait) / 1000, text] as const);
      const made = cast(written, { ended: (now + 7) / 1000, exitCode });
      assert.deepEqual(castOf(castText(made)), made);
    }),
  ));

test("a recording without an end is none", () =>
  assert.throws(() => castOf(castText(cast([])).split("\n", 1)[0] ?? ""), /does not say how the command ended/));

test("long waits are shortened, what nobody could see is left out, and the end stays", () => {
  const { frames, shortened } = framesOf(
    cast([
      [1, "a\n"],
      [1.01, "b\n"],
      [1.5, "c\n"],
      [8, "d\n"],
    ]),
  );
  const shown = frames.map(({ lines, lasts }) => [
    lines
      .flat()
      .map(({ text }) => text)
      .join(" "),
    Math.round(lasts * 100) / 100,
  ]);
  assert.deepEqual(
    [shortened, ...shown],
    [
      true,
      ["$ conductor status", 1.2],
      ["$ conductor status a b", 0.49],
      ["$ conductor status a b c", LONGEST],
      ["$ conductor status a b c d", 6],
    ],
  );
});

/** Every element is closed, in order, and nothing stands there that would have to be escaped. */
function wellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, tag = "", text = ""] of xml.matchAll(/<([^<>]*)>|([^<>]+)/g)) {
    assert.doesNotMatch(text, /&(?!(?:amp|lt|gt|quot);)/);
    const [, close, name = "", attributes = "", alone] =
      /^(\/?)([A-Za-z]*)((?: [a-zA-Z:-]+="[^"<&]*")*)(\/?)$/.exec(tag) ?? (tag === "" ? [] : assert.fail(tag));
    if (name === "" || alone === "/") continue;
    if (close === "/") assert.equal(open.pop(), name);
    else open.push(name);
    assert.equal(new Set([...attributes.matchAll(/ ([^=]+)=/g)].map(([, key]) => key)).size, attributes.split('="').length - 1);
  }
  assert.deepEqual(open, []);
}

test("a picture is well-formed, whatever was written", () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme-ascii" }), { maxLength: 5 }),
      fc.string({ unit: "grapheme-ascii" }),
      (texts, title) => {
        wellFormed(
          svgOf(
            cast(
              texts.map((text, index) => [index, `${text}\n`] as const),
              { title },
            ),
          ),
        );
      },
    ),
  ));

test("a picture of what lasts is animated, stands still at its end without motion, and says that it was shortened", () => {
  const svg = svgOf(
    cast(
      [
        [1, "a\n"],
        [8, "b\n"],
      ],
      { exitCode: 3 },
    ),
  );
  assert.match(svg, /prefers-reduced-motion: no-preference\)\{\.film\{animation:film 8\.70s step-end infinite\}/);
  assert.match(svg, /\.film\{transform:translateX\(-736px\)\}/);
  assert.match(svg, />exit code 3 after 9s; waits of more than 1\.5 s are shortened here</);
});

test("a picture of one answer stands still", () => {
  const svg = svgOf(cast([[1, "a\n"]], { ended: 1.1 }));
  assert.doesNotMatch(svg, /animation|translateX/);
  assert.match(svg, />exit code 0</);
});

test("what a picture shows can be read by who does not see it", () => {
  const made = cast([[1, `${ESCAPE}[32m✓${ESCAPE}[39m <all> is well\n`]]);
  assert.equal(textOf(made), "$ conductor status\n✓ <all> is well\n");
  assert.match(svgOf(made), /<desc id="text">\$ conductor status\n✓ &lt;all&gt; is well<\/desc>/);
});
