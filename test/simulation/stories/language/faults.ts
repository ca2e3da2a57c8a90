import type { CallFault, Outage } from "#simulation/faults.ts";
import type { Stage } from "./actors.ts";

const DOWN: Outage = { kind: "Down", how: "timeout" };
const FOR_EVER = 1e12;

/** What befalls the conductor, its connections and the Argo CDs. */
export class Faults {
  readonly #stage: Stage;
  readonly #outages = new Map<string, () => void>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** SIGKILL, and another starts after so many seconds. */
  async killsTheConductor(restartAfter: number): Promise<void> {
    this.killsWithoutARestart();
    await this.#stage.simulation.settle(restartAfter * 1000);
    this.startsAnother();
  }

  killsWithoutARestart(): void {
    this.#stage.journal.note("a fault: the conductor is killed");
    this.#stage.simulation.crash();
  }

  startsAnother(): void {
    this.#stage.journal.note("another conductor starts");
    this.#stage.simulation.start();
  }

  stopsArgoRollouts(): void {
    this.#stage.journal.note("a fault: Argo Rollouts stops");
    this.#stage.simulation.rollouts.silent = true;
  }

  startsArgoRollouts(): void {
    this.#stage.journal.note("Argo Rollouts starts again");
    this.#stage.simulation.rollouts.silent = false;
  }

  takesDown(...clusters: readonly string[]): void {
    for (const cluster of clusters) {
      const { simulation, journal } = this.#stage;
      journal.note("a fault: {} does|do not answer any more", { cluster });
      const outage = simulation.faults.outage(simulation.server(cluster).name, DOWN, 0, FOR_EVER);
      this.#outages.set(cluster, () => outage.end());
    }
  }

  bringsBack(...clusters: readonly string[]): void {
    for (const cluster of clusters) {
      this.#stage.journal.note("{} answers|answer again", { cluster });
      this.#outages.get(cluster)?.();
    }
  }

  stopsArgo(cluster: string): void {
    this.#stage.journal.note(`a fault: Argo CD of ${cluster} stops`);
    this.#stage.simulation.argo(cluster).silent = true;
  }

  startsArgo(cluster: string): void {
    this.#stage.journal.note(`Argo CD of ${cluster} starts again`);
    this.#stage.simulation.argo(cluster).silent = false;
  }

  /** The conductor dies the moment before its next patch on a cluster is sent. */
  killsBeforeThePatch(cluster: string, restartAfter: number): void {
    this.#stage.journal.note(
      `a fault: the conductor will be killed before its patch of {} is sent; another starts ${restartAfter} s later`,
      { cluster },
    );
    this.#nextPatch(cluster, { kind: "CrashBefore", restartAfter: restartAfter * 1000 });
  }

  /** The patch is carried out, and the conductor dies before it hears of it. */
  killsAfterThePatch(cluster: string, restartAfter: number): void {
    this.#stage.journal.note(
      `a fault: the conductor will be killed the moment that {} has its patch; another starts ${restartAfter} s later`,
      { cluster },
    );
    this.#nextPatch(cluster, { kind: "CrashAfter", restartAfter: restartAfter * 1000 });
  }

  /** The patch is carried out, and its answer is lost. */
  losesTheAnswer(cluster: string): void {
    this.#stage.journal.note("a fault: the answer to the next patch of {} will be lost", { cluster });
    this.#nextPatch(cluster, { kind: "TimeoutAfterCommit", after: 10_000 });
  }

  /** The API server answers the next patches so, and does nothing. */
  refusesPatches(cluster: string, status: 403 | 500, times: number): void {
    this.#stage.journal.note(`a fault: {} will answer ${times} patches with ${status}`, { cluster });
    this.#nextPatch(cluster, { kind: "Refused", status }, times);
  }

  #nextPatch(cluster: string, fault: CallFault, times = 1): void {
    const { name } = this.#stage.simulation.server(cluster);
    this.#stage.simulation.faults.call(({ server, verb }) => server === name && verb === "PATCH", fault, times);
  }
}
