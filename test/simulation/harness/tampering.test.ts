import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "#kube/errors.ts";
import { VirtualClock } from "#simulation/clock.ts";
import type { WatchFault } from "#simulation/faults.ts";
import { tampering } from "#simulation/tampering.ts";

/** Three events, a bookmark after each: what is left of them, and how the stream ends. */
const cases: readonly (readonly [fault: WatchFault, seen: string])[] = [
  [{ kind: "Drop", event: 2 }, "1 b1 b2 3 b3"],
  [{ kind: "Duplicate", event: 2 }, "1 b1 2 2 b2 3 b3"],
  [{ kind: "Swap", event: 2 }, "1 b1 b2 2 3 b3"],
  [{ kind: "Stall", event: 2 }, "1 b1"],
  [{ kind: "Expired", event: 2 }, "1 b1 Expired"],
  [{ kind: "Broken", event: 3 }, "1 b1 2 b2 ServerError"],
  [{ kind: "BookmarksOnly" }, ""],
  [{ kind: "ExpiredAtOpen" }, "Expired"],
];
for (const [fault, expected] of cases) {
  test(`${Object.values(fault).join(" ")} makes ${expected || "nothing"} of 1 b1 2 b2 3 b3`, () => {
    const meddling = tampering(fault, new VirtualClock(0));
    const seen: string[] = [];
    let over = false;
    const stream = {
      pass: (frame: { readonly type: string; readonly object?: { readonly metadata: { readonly name: string } } }) =>
        void (over || seen.push(frame.object?.metadata.name ?? frame.type)),
      end: (failure?: unknown) => {
        if (!over) seen.push(failed(failure) ? failure.kind : "closed");
        over = true;
      },
      get over() {
        return over;
      },
    };
    meddling.opened?.(stream);
    for (const name of ["1", "b1", "2", "b2", "3", "b3"]) {
      const frame = { type: name.startsWith("b") ? "BOOKMARK" : "MODIFIED", object: { metadata: { name } } } as const;
      if (!over) meddling.frame?.(frame, stream);
    }
    assert.equal(seen.join(" "), expected);
  });
}
