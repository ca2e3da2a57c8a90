import { isObject, listAt, objectAt, textAt, type Json } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { placeOf } from "./books.ts";
import type { Sight } from "./sight.ts";

/** 8: each write to an Application names the version that it was decided on, which is the one last read; statuses never go back in time. */
export function* guard({ write, asked, books }: Sight): Iterable<string> {
  const { who, resource, server, key, before, after } = write;
  if (who !== CONDUCTOR || before === undefined || after === undefined) return;
  if (resource === RESOURCES.applications) {
    const named = guardOf(asked?.request.body);
    const read = books.applications.get(placeOf(server, key))?.read.at(-1);
    if (named === undefined) yield `${server} ${key} is patched without naming a resourceVersion`;
    else if (named !== before.metadata.resourceVersion)
      yield `${server} ${key} was at ${before.metadata.resourceVersion} and is patched as if it were at ${named}`;
    else if (named !== read) yield `${server} ${key} is patched at ${named}, and what was read of it was ${read ?? "nothing"}`;
  }
  // What somebody else has written there is no number of ours.
  const [was, is] = [Math.min(observed(before), before.metadata.generation ?? 0), observed(after)];
  if (write.subresource !== "status") return;
  if (is < was) yield `${key}: observedGeneration goes from ${was} back to ${is}`;
  const { generation = 0 } = after.metadata;
  if (is > generation) yield `${key}: observedGeneration ${is} is of no generation yet (${generation})`;
}

/** The resourceVersion that a patch names: in a JSON patch as a test or by writing it, in a merge patch as a field. */
function guardOf(body: unknown): string | undefined {
  // The body of a request is JSON.
  const json = body as Json | undefined;
  if (isObject(json)) return textAt(json, "metadata", "resourceVersion");
  const op = listAt({ ops: json }, "ops").find((one) => textAt(one, "path") === "/metadata/resourceVersion");
  return op === undefined ? undefined : textAt(op, "value");
}

function observed(object: Parameters<typeof jsonOf>[0]): number {
  const seen = objectAt(jsonOf(object), "status")["observedGeneration"];
  return typeof seen === "number" ? seen : 0;
}
