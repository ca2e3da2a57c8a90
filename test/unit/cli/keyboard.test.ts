import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { suite, test } from "node:test";
import { keyboard } from "#cli/keyboard.ts";

interface Desk {
  readonly input: PassThrough;
  readonly shown: readonly string[];
  readonly interruption: AbortController;
  readonly line: Promise<string | undefined>;
}

function asked(): Desk {
  const [input, interruption] = [new PassThrough(), new AbortController()];
  const shown: string[] = [];
  const output = new Writable({ write: (chunk, _, done) => (shown.push(String(chunk)), done()) });
  // As on a terminal, where readline hears of single keys.
  Object.assign(output, { isTTY: true });
  return { input, shown, interruption, line: keyboard(input, output, interruption).line("Go on? ") };
}

suite("a question at a keyboard", () => {
  test("is shown, and its answer is the line that is typed", async () => {
    const { input, shown, line } = asked();
    input.write("yes\n");
    assert.equal(await line, "yes");
    assert.match(shown.join(""), /Go on\? /);
  });

  test("has no answer when the input ends", async () => {
    const { input, line } = asked();
    input.end();
    assert.equal(await line, undefined);
  });

  test("has no answer when the command is interrupted", async () => {
    const { interruption, line } = asked();
    interruption.abort();
    assert.equal(await line, undefined);
  });

  test("has none after Ctrl-C, which interrupts the command", async () => {
    const { input, interruption, line } = asked();
    input.write("\u0003");
    assert.equal(await line, undefined);
    assert.equal(interruption.signal.aborted, true);
  });
});
