import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { EXIT } from "#cli/exit.ts";
import { programFor } from "#cli/program.ts";
import { fleet, GOOD, NAME } from "#test/unit/cli/fleets.ts";
import { conductor, conductorIn, nowhere } from "#test/unit/cli/terminal.ts";
import { castOf } from "#tools/record/cast.ts";
import { textOf } from "#tools/record/frames.ts";
import { TITLES } from "#tools/record/story.ts";
import { svgOf } from "#tools/record/svg.ts";
import { links, page, ROOT, rows, section } from "./markdown.ts";

const PAGE = "docs/cli.md";

/** A table stands in the page as it is here. `UPDATE=1` writes it there. */
function table(heading: string, wanted: readonly (readonly string[])[]): void {
  const text = page(PAGE);
  const part = section(text, heading);
  const head = /^(\| .*\|\n\|[-|]+\|\n)((?:\|.*\n)*)/m.exec(part);
  if (head === null) throw new Error(`${heading} has no table`);
  const lines = wanted.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  if (process.env["UPDATE"] === "1") writeFileSync(join(ROOT, PAGE), text.replace(part, part.replace(head[0], `${head[1]}${lines}`)));
  assert.deepEqual(rows(section(page(PAGE), heading)), wanted);
}

const terminal = { ...nowhere, now: () => 0, env: {}, out: { write: () => true }, err: { write: () => true } };

test("the page lists every command, in the words of its help", () => {
  const { commands } = programFor({ terminal, exit: EXIT.arrived });
  const shown = commands.map((one) => [
    `\`${[one.name(), ...one.registeredArguments.map((arg) => (arg.required ? `<${arg.name()}>` : `[${arg.name()}]`))].join(" ")}\``,
    one.description(),
  ]);
  table("## Commands", shown);
});

test("the page lists every exit code, in the words of the help of deploy", async () => {
  const { out } = await conductor("deploy", "--help");
  const said = [...out.matchAll(/^ *(\d+) {2}(\S.*)$/gm)].map(([, code = "", words = ""]) => [code, words]);
  assert.deepEqual(
    said.map(([code]) => Number(code)),
    Object.values(EXIT),
  );
  table("## Exit codes", said);
});

test("the document on the page is the one that deploy prints", async () => {
  const { out } = await conductorIn(fleet(), ["deploy", NAME, "--revision", GOOD, "-o", "json"]);
  assert.equal(/^```json\n(.*?)^```$/ms.exec(page(PAGE))?.[1], out);
});

const file = (name: string): string => readFileSync(join(ROOT, "docs", "recordings", name), "utf8");

test("the recordings show what the page says of them", () => {
  assert.match(file("status.cast"), /Waiting.*Syncing.*Succeeded/s);
  assert.match(file("deploy.cast"), /is created at.*Analysis.*waiting on Approval.*Succeeded/s);
  assert.match(file("rollback.txt"), /RolledBack.*\(exit code 3\)/s);
  assert.match(file("explain.txt"), /Waiting on Approval.*conductor approve/s);
});

test("every recording is embedded, and nothing else is", () => {
  const embedded = [...page(PAGE).matchAll(/!\[[^\]]+\]\(recordings\/([^)]+)\)/g)].map(([, name = ""]) => name);
  assert.deepEqual(
    embedded.toSorted(),
    Object.keys(TITLES)
      .map((name) => `${name}.svg`)
      .toSorted(),
  );
  assert.ok(links(page(PAGE)).length > 0);
});

for (const [name, title] of Object.entries(TITLES)) {
  const cast = castOf(file(`${name}.cast`));

  test(`the picture of ${name} is drawn from what was recorded`, () => {
    assert.equal(cast.title, title);
    assert.equal(svgOf(cast), file(`${name}.svg`));
    assert.equal(`${textOf(cast).trimEnd()}\n`, file(`${name}.txt`));
  });

  test(`what was recorded of ${name} is a command that there is, and its end`, () => {
    const { commands } = programFor({ terminal, exit: EXIT.arrived });
    const [program, command] = cast.command.split(" ");
    assert.deepEqual([program, commands.some((one) => one.name() === command)], ["conductor", true]);
    assert.equal(cast.exitCode, name === "rollback" ? EXIT.rolledBack : EXIT.arrived);
    assert.ok(file(`${name}.txt`).startsWith(`$ ${cast.command}\n`));
    assert.match(file(`${name}.txt`), /checkout\.production/);
  });
}
