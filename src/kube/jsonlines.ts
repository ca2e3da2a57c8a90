import { KubeFailure } from "./errors.ts";

/** Longer than any object that etcd holds (1.5 MiB) after JSON has grown it. */
const longestLine = 16 * 1024 * 1024;
const newline = 0x0a;

/** The JSON values of a stream of lines, however the chunks cut them. Throws KubeFailure for what is no JSON. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      yield* parsed(parts);
      parts = [];
      length = 0;
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > longestLine) throw new KubeFailure("Invalid", `one event of the watch is longer than ${longestLine} bytes`);
  }
  // A stream cut inside an event is a broken one: what is left is not an event, and the next watch sends it again.
}

function parsed(parts: readonly Uint8Array[]): readonly unknown[] {
  const line = (
    parts.length === 1 && parts[0] ? Buffer.from(parts[0].buffer, parts[0].byteOffset, parts[0].length) : Buffer.concat(parts)
  ).toString("utf8");
  if (line.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(line);
    return [value];
  } catch {
    // JSON.parse quotes its input, which may be a Secret.
    throw new KubeFailure("ServerError", "the watch delivered something that is not JSON");
  }
}
