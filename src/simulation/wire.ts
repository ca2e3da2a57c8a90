import { KubeFailure } from "#kube/errors.ts";
import type { KubeRequest, KubeResponse, Transport, WatchFrame } from "#kube/ports.ts";
import type { ApiServer } from "./apiserver.ts";
import { outcomeOf, type Call } from "./calls.ts";
import type { VirtualClock } from "./clock.ts";
import type { Connection, Meddling } from "./connection.ts";
import type { CallFault, Faults, Outage } from "./faults.ts";
import type { Process } from "./process.ts";
import { broken, refusal } from "./refusals.ts";
import { Stream } from "./stream.ts";
import { held, tampering } from "./tampering.ts";

export interface WireParts {
  readonly server: ApiServer;
  readonly connection: Connection;
  readonly process: Process;
  readonly faults: Faults;
  readonly clock: VirtualClock;
  /** Ends the process, and starts another after so many milliseconds. */
  readonly crash: (restartAfter: number) => void;
}

/** How long a client waits for a connection that nobody accepts, in milliseconds. */
const CONNECTING = 10_000;
const PROMPT = 3;

/** The conductor's way to one API server: its calls are counted here, and faults happen here. */
export class Wire implements Transport {
  readonly #parts: WireParts;
  /** Until when watches are held back, by path. */
  readonly #stale = new Map<string, { readonly version: number; readonly until: number }>();

  constructor(parts: WireParts) {
    this.#parts = parts;
  }

  request(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const { process, faults, server, clock } = this.#parts;
    if (!process.alive) return new Promise(() => undefined);
    const call = faults.calls.begin(server.name, request, false, clock.now());
    const outage = faults.outageOf(server.name);
    const fault = faults.takeCall(call);
    call.fault = outage?.kind ?? fault?.kind;
    const work = outage === undefined ? this.#faulty(call, fault, request, signal) : this.#troubled(call, outage, request, signal);
    return process.during(this.#noting(call, work));
  }

  watch(request: KubeRequest, signal: AbortSignal): AsyncIterable<WatchFrame> {
    const { process, faults, server, clock, connection } = this.#parts;
    if (!process.alive) return process.reading(new Stream(signal, () => undefined));
    const call = faults.calls.begin(server.name, request, true, clock.now());
    const outage = faults.outageOf(server.name);
    if (outage !== undefined && outage.kind !== "Slow") {
      call.fault = outage.kind;
      call.outcome = "refused";
      return process.reading(this.#refusedStream(outage, request, signal));
    }
    const fault = faults.takeWatch(call);
    const stale = this.#stale.get(request.path);
    const meddling = fault !== undefined ? tampering(fault, clock) : stale !== undefined ? held(stale.until, clock) : {};
    call.fault = fault?.kind ?? (stale === undefined ? undefined : "Stale");
    const opened: Meddling["opened"] = (stream) => {
      call.outcome = "done";
      faults.opened(server.name, stream);
      meddling.opened?.(stream);
    };
    return process.reading(connection.watch(request, signal, { ...meddling, opened }));
  }

  async #noting(call: Call, work: Promise<KubeResponse>): Promise<KubeResponse> {
    try {
      const response = await work;
      call.outcome = "done";
      return response;
    } catch (error) {
      call.outcome = outcomeOf(error);
      throw error;
    }
  }

  async #faulty(call: Call, fault: CallFault | undefined, request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const { connection, server, crash } = this.#parts;
    switch (fault?.kind) {
      case undefined:
        return connection.request(request, signal, { version: () => this.#version(call) });
      case "Refused":
        return this.#fail(refusal(fault.status, "injected", request, fault.retryAfter), PROMPT, signal);
      case "ResetBeforeSend":
        return this.#fail(broken("reset", server.name), PROMPT, signal);
      case "Slow":
        await this.#pass(fault.ms, signal);
        return connection.request(request, signal);
      case "TimeoutAfterCommit":
      case "ResetAfterCommit":
        await connection.request(request, signal).catch(() => undefined);
        if (signal.aborted) throw aborted();
        return fault.kind === "ResetAfterCommit"
          ? this.#fail(broken("reset", server.name), 0, signal)
          : this.#fail(broken("timeout", server.name), fault.after, signal);
      case "CrashBefore":
        crash(fault.restartAfter);
        return new Promise(() => undefined);
      case "CrashAfter":
        return connection.request(request, signal, { acted: () => crash(fault.restartAfter) });
    }
  }

  async #troubled(call: Call, outage: Outage, request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const { connection } = this.#parts;
    if (outage.kind !== "Slow") return this.#fail(this.#failureOf(outage, request), connecting(outage), signal);
    await this.#pass(outage.ms, signal);
    return connection.request(request, signal, { version: () => this.#version(call) });
  }

  #failureOf(outage: Exclude<Outage, { readonly kind: "Slow" }>, request: KubeRequest): KubeFailure {
    const { server } = this.#parts;
    switch (outage.kind) {
      case "Down":
        return broken(outage.how, server.name);
      case "Flapping":
        return broken("refused", server.name);
      case "Refused":
        return refusal(outage.status, "injected", request, outage.retryAfter);
    }
  }

  #refusedStream(outage: Exclude<Outage, { readonly kind: "Slow" }>, request: KubeRequest, signal: AbortSignal): Stream {
    const stream = new Stream(signal, () => cancel());
    const failure = this.#failureOf(outage, request);
    const cancel = this.#parts.clock.after(connecting(outage), () => stream.end(failure));
    return stream;
  }

  /** What a list shows: a past state while it is held back. */
  #version(call: Call): number | undefined {
    if (call.verb !== "LIST") return undefined;
    const { faults, clock, server } = this.#parts;
    const known = this.#stale.get(call.path);
    if (known !== undefined && clock.now() < known.until) return known.version;
    this.#stale.delete(call.path);
    const stale = faults.takeStale(call);
    if (stale === undefined) return undefined;
    call.fault = "Stale";
    const version = server.behind(call.path, stale.changes);
    this.#stale.set(call.path, { version, until: clock.now() + stale.lasts });
    return version;
  }

  async #fail(failure: KubeFailure, after: number, signal: AbortSignal): Promise<never> {
    await this.#pass(after, signal);
    throw failure;
  }

  async #pass(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(ms, signal);
    if (signal.aborted) throw aborted();
  }
}

function connecting(outage: Outage): number {
  return outage.kind === "Down" && outage.how === "timeout" ? CONNECTING : PROMPT;
}

function aborted(): KubeFailure {
  return new KubeFailure("Aborted", "the call was given up");
}
