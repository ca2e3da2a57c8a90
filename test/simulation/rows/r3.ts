import type { Call } from "#simulation/calls.ts";
import type { WatchFault } from "#simulation/faults.ts";
import { SAME, type Plan } from "../plans/plan.ts";
import type { Trace } from "../plans/trace.ts";
import { isDecision, planner, type Row } from "./row.ts";

/** What befalls one event, in words. */
const EVENTS: readonly (readonly [string, (event: number) => WatchFault])[] = [
  ["is lost", (event) => ({ kind: "Drop", event })],
  ["comes twice", (event) => ({ kind: "Duplicate", event })],
  ["comes after the next", (event) => ({ kind: "Swap", event })],
  ["is the last, and the stream stays open", (event) => ({ kind: "Stall", event })],
  ["is answered with 410", (event) => ({ kind: "Expired", event })],
  ["is not JSON", (event) => ({ kind: "Broken", event })],
];

/** What befalls a whole watch, and every one that is opened in its place for a while. */
const STREAMS: readonly (readonly [string, WatchFault, number])[] = [
  ["is closed after a second, thirty times", { kind: "CloseAfter", ms: 1000 }, 30],
  ["is answered 410 when it is opened", { kind: "ExpiredAtOpen" }, 1],
  ["is answered 410 when it is opened, eight times", { kind: "ExpiredAtOpen" }, 8],
  ["brings bookmarks only", { kind: "BookmarksOnly" }, 1],
];

/** The streams that are opened at the beginning, each with how many events it brings. */
function streams({ calls, events }: Trace): readonly { readonly call: Call; readonly kind: string; readonly events: number }[] {
  return calls
    .filter(({ verb, id }) => verb === "WATCH" && id.endsWith(" #1"))
    .map((call) => {
      const kind = call.id.replace(/ #1$/, "");
      return { call, kind, events: events(call) };
    });
}

export const R3: Row = {
  name: "R3",
  says: "watches lose, repeat and swap events, stall, close, expire and break",
  workloads: ["happy", "fails"],
  plans: (trace) => {
    const plan = planner("R3", trace);
    const told = streams(trace).filter(({ call }) => trace.workload.name === "happy" || isDecision(call));
    return told.flatMap(({ call, kind, events }): Plan[] => [
      ...STREAMS.map(([says, fault, times]) =>
        plan(`${kind} ${says}`, [{ kind: "Watch", call: times === 1 ? call.id : kind, fault, times }], SAME),
      ),
      ...Array.from({ length: events }, (_, index) => index + 1).flatMap((event) =>
        EVENTS.map(([says, fault]) =>
          plan(`event ${event} of ${kind} ${says}`, [{ kind: "Watch", call: call.id, fault: fault(event) }], SAME),
        ),
      ),
    ]);
  },
};
