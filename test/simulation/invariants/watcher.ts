import type { Log } from "#kube/ports.ts";
import { RESOURCES, type ClusterSpec } from "#simulation/scenario.ts";
import { CONDUCTOR, type Simulation } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import { Books, placeOf } from "./books.ts";
import { budget } from "./budget.ts";
import { consent } from "./consent.ts";
import { evidence } from "./evidence.ts";
import { gates } from "./gates.ts";
import { guard } from "./guard.ts";
import { overhear, type Asked } from "./overhear.ts";
import { order } from "./order.ts";
import { rollback } from "./rollback.ts";
import { leaked, secrets } from "./secrets.ts";
import type { Check, Sight } from "./sight.ts";
import { soak } from "./soak.ts";
import { unique } from "./unique.ts";
import { Violation } from "./violation.ts";
import type { Weather } from "./weather.ts";

/** What is checked at every write, by the invariant's number. 9, that the end is an end, is for whoever waits for it. */
const CHECKS: readonly (readonly [number, Check])[] = [
  [1, budget],
  [2, order],
  [3, consent],
  [4, rollback],
  [5, unique],
  [6, evidence],
  [7, soak],
  [8, guard],
  [10, secrets],
  [11, gates],
];

/** Watches over a simulation from its beginning, and keeps what it finds. */
export class Watcher {
  readonly books = new Books();
  readonly violations: Violation[] = [];
  readonly #weather: Weather;
  #asked: Asked | undefined;
  checked = 0;

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  attach(simulation: Simulation, clusters: readonly ClusterSpec[]): void {
    for (const server of new Set(clusters.map(({ name }) => simulation.server(name)))) {
      for (const app of server.all(RESOURCES.applications)) this.books.adopt(server.name, app, simulation.clock.now());
      overhear(server, (asked) => this.hear(asked));
    }
    simulation.onWrite((write) => this.look(write));
  }

  /** A log that is read along. */
  listening(log: Log, now: () => number): Log {
    const heard =
      (level: keyof Log): Log["info"] =>
      (message, fields) => {
        if (leaked(message, fields))
          this.violations.push(new Violation(10, "a line of the log holds a registration's token", now(), message));
        log[level](message, fields);
      };
    return { debug: heard("debug"), info: heard("info"), warn: heard("warn"), error: heard("error") };
  }

  look(write: Write, asked: Asked | undefined = this.#asked): void {
    this.checked += 1;
    const sight: Sight = { write, asked, books: this.books, weather: this.#weather };
    for (const [invariant, check] of CHECKS)
      for (const sentence of check(sight))
        this.violations.push(
          new Violation(invariant, sentence, write.at, `${write.who}: ${write.verb} ${write.server} ${write.resource} ${write.key}`),
        );
    this.books.note(write);
  }

  /** A request, before the write that comes of it. */
  hear(asked: Asked): void {
    this.#asked = asked;
    const { who, request, server, found } = asked;
    if (who !== CONDUCTOR || request.method !== "GET" || found?.kind !== "Application") return;
    const key = `${found.metadata.namespace}/${found.metadata.name}`;
    this.books.applications.get(placeOf(server, key))?.read.push(found.metadata.resourceVersion ?? "");
  }
}
