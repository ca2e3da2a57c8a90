import { hostname } from "node:os";
import { ENVIRONMENTS, FREEZE_WINDOWS, RELEASE_APPROVALS, RELEASE_PREVIEWS, RELEASE_RUNS, SERVICE_RELEASES } from "#controllers/parts.ts";
import { connectOverHttp } from "#fleet/connect.ts";
import { HttpTransport } from "#kube/http.ts";
import type { Clock, Fence, Log, Random } from "#kube/ports.ts";
import { HttpPost } from "#notify/http.ts";
import { SafeOperator, type EventSource, type ResourceEvent } from "./base.ts";
import { Conductor, type ConductorParts } from "#controllers/conductor.ts";
import { eventsOf } from "./events.ts";

export interface OperatorParts extends Pick<ConductorParts, "namespace" | "count" | "settings"> {
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The process as an operator: what it watches, and who is told. */
export class ReleaseOperator extends SafeOperator {
  readonly #parts: OperatorParts;
  #conductor: Conductor | undefined;

  constructor(parts: OperatorParts) {
    super(parts.log);
    this.#parts = parts;
  }

  protected override async init(): Promise<void> {
    const { clock } = this.#parts;
    const conductor = new Conductor({
      ...this.#parts,
      home: new HttpTransport(this.config, clock),
      connect: connectOverHttp(clock),
      post: new HttpPost(clock),
      identity: hostname(),
    });
    this.#conductor = conductor;
    const tell = (changed: (key: string) => void) => async (event: ResourceEvent) =>
      changed(`${event.meta.namespace ?? ""}/${event.meta.name}`);
    for (const [{ group, version, plural }, changed] of [
      [SERVICE_RELEASES, (key: string) => conductor.wakes.releaseChanged(key)],
      [ENVIRONMENTS, (key: string) => conductor.wakes.environmentChanged(key)],
      [RELEASE_RUNS, (key: string) => conductor.wakes.runChanged(key)],
      [RELEASE_APPROVALS, (key: string) => conductor.wakes.approvalChanged(key)],
      [FREEZE_WINDOWS, (key: string) => conductor.wakes.freezeChanged(key)],
      [RELEASE_PREVIEWS, (key: string) => conductor.wakes.previewChanged(key)],
    ] as const)
      await this.watchResource(group, version, plural, tell(changed));
    conductor.start();
  }

  protected override source(_group: string, _version: string, plural: string): EventSource {
    const conductor = this.#conductor;
    if (conductor === undefined) throw new Error("the operator is not started");
    switch (plural) {
      case SERVICE_RELEASES.plural:
        return eventsOf(conductor.releases, plural);
      case ENVIRONMENTS.plural:
        return eventsOf(conductor.environments, plural);
      case RELEASE_RUNS.plural:
        return eventsOf(conductor.runs, plural);
      case RELEASE_APPROVALS.plural:
        return eventsOf(conductor.approvals, plural);
      case FREEZE_WINDOWS.plural:
        return eventsOf(conductor.freezes, plural);
      case RELEASE_PREVIEWS.plural:
        return eventsOf(conductor.previews, plural);
      default:
        throw new Error(`${plural} are not watched here`);
    }
  }

  /** Why it cannot work yet, or undefined. */
  notReady(): string | undefined {
    return this.#conductor === undefined ? "starting" : this.#conductor.notReady();
  }

  queueDepths(): Readonly<Record<string, number>> {
    const depths = Object.entries(this.#conductor?.queues ?? {}).map(([name, { depth }]) => [name, depth.ready + depth.running]);
    return Object.fromEntries(depths);
  }

  clusterStates(): Readonly<Record<string, number>> {
    const states: Record<string, number> = { Refused: 0, Unknown: 0, Reachable: 0, Unreachable: 0 };
    const fleet = this.#conductor?.fleet;
    for (const { refusal, instance } of fleet?.clusters() ?? []) {
      const state = refusal === undefined ? (fleet?.instance(instance)?.reachability.state ?? "Unknown") : "Refused";
      states[state] = (states[state] ?? 0) + 1;
    }
    return states;
  }

  /** Ends all work and waits for its end; `stop` of the base only lets go of events. */
  async shutdown(): Promise<void> {
    this.stop();
    await this.#conductor?.stop();
  }
}
