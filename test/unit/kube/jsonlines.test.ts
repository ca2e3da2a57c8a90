import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { failed } from "#kube/errors.ts";
import { jsonLines } from "#kube/jsonlines.ts";

async function* chunked(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0, n = 0; start < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function read(text: string, sizes: readonly number[] = [text.length + 1]): Promise<unknown[]> {
  return all(jsonLines(chunked(text, sizes)));
}

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test("values come out whole however the chunks cut them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (values, sizes) => {
      const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
      const plain: unknown = JSON.parse(JSON.stringify(values));
      assert.deepEqual(await read(text, sizes), plain);
    }),
  );
});

test("an event that the end of the stream cuts is none", async () => {
  assert.deepEqual(await read('{"a":1}\n\n{"b":'), [{ a: 1 }]);
});

test("what is not JSON is a failure that does not quote it", async () => {
  await assert.rejects(read("canary\n"), (error) => failed(error, "ServerError") && !error.message.includes("canary"));
});

test("an event without end is refused", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield new Uint8Array(1024 * 1024).fill(0x61);
  }
  await assert.rejects(all(jsonLines(endless())), (error) => failed(error, "Invalid"));
});
