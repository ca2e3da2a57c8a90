import { KubeFailure } from "#kube/errors.ts";
import type { VirtualClock } from "./clock.ts";
import type { Meddling, Tampered } from "./connection.ts";
import type { WatchFault } from "./faults.ts";
import type { Frame } from "./frames.ts";
import { refusal } from "./refusals.ts";

const watching = { method: "GET" } as const;

/** What a fault does to the frames of one watch. */
export function tampering(fault: WatchFault, clock: VirtualClock): Meddling {
  switch (fault.kind) {
    case "ExpiredAtOpen":
      return { opened: (stream) => stream.end(refusal(410, "too old resource version", watching)) };
    case "CloseAfter":
      return { opened: (stream) => void clock.after(fault.ms, () => stream.end()) };
    case "BookmarksOnly":
      return bookmarksOnly();
    case "Stall":
      return counted((frame, stream, count) => {
        if (count < fault.event) stream.pass(frame);
      });
    case "Drop":
      return counted((frame, stream, count, event) => {
        if (!(event && count === fault.event)) stream.pass(frame);
      });
    case "Duplicate":
      return counted((frame, stream, count, event) => {
        stream.pass(frame);
        if (event && count === fault.event) stream.pass(frame);
      });
    case "Expired":
      return counted((frame, stream, count) => {
        if (count < fault.event) stream.pass(frame);
        else stream.end(refusal(410, "The resourceVersion for the provided watch is too old", watching));
      });
    case "Broken":
      return counted((frame, stream, count) => {
        if (count < fault.event) stream.pass(frame);
        else stream.end(new KubeFailure("ServerError", "the watch delivered something that is not an event"));
      });
    case "Swap":
      return swapped(fault.event);
  }
}

/** Frames with how many events there have been, the present one included. */
function counted(take: (frame: Frame, stream: Tampered, count: number, event: boolean) => void): Meddling {
  let count = 0;
  return {
    frame: (frame, stream) => {
      const event = frame.type !== "BOOKMARK";
      if (event) count += 1;
      take(frame, stream, count, event);
    },
  };
}

function swapped(at: number): Meddling {
  let held: Frame | undefined;
  return counted((frame, stream, count, event) => {
    if (event && count === at) {
      held = frame;
      return;
    }
    stream.pass(frame);
    if (held !== undefined) stream.pass(held);
    held = undefined;
  });
}

/** A bookmark never promises an event that was not delivered: each repeats the first. */
function bookmarksOnly(): Meddling {
  let promised: Frame | undefined;
  let missing = false;
  return {
    frame: (frame, stream) => {
      if (frame.type !== "BOOKMARK") missing = true;
      else if (!missing) stream.pass((promised = frame));
      else if (promised !== undefined) stream.pass(promised);
    },
  };
}

/** Frames wait until `until`, milliseconds since the epoch, and then come in their order. */
export function held(until: number, clock: VirtualClock): Meddling {
  const waiting: Frame[] = [];
  return {
    opened: (stream) =>
      void clock.after(until - clock.now(), () => {
        for (const frame of waiting.splice(0)) stream.pass(frame);
      }),
    frame: (frame, stream) => {
      if (clock.now() < until) waiting.push(frame);
      else stream.pass(frame);
    },
  };
}
