import type { Latency } from "#simulation/connection.ts";
import type { Scenario } from "#simulation/scenario.ts";
import { Simulation } from "#simulation/simulation.ts";
import { CI, Person, Platform } from "./actors.ts";
import { Faults } from "./faults.ts";
import { Journal } from "./journal.ts";
import { ended, type Moment } from "./moments.ts";
import { Observer } from "./observer.ts";
import { clustersOf, scenarioOf, servicesOf, type Setting } from "./setting.ts";
import { seconds } from "./words.ts";

/** One order of events: the one that is told, or another in which the story must end the same way. */
export interface Order {
  readonly seed: string;
  readonly shuffled: boolean;
  readonly latency?: Partial<Latency>;
  readonly argo?: NonNullable<Scenario["argo"]>;
}

/** How long a moment is waited for, in milliseconds. */
const PATIENCE = 4 * 3_600_000;

/** What the author of a story has at hand: who acts, and when. */
export class World {
  readonly simulation: Simulation;
  readonly journal: Journal;
  readonly observer: Observer;
  readonly setting: Setting;
  /** All that there are, also those that join while the story goes on. */
  readonly clusters: string[];
  readonly troubles = new Map<string, { readonly revision: string; readonly message: string }>();
  readonly ci: CI;
  readonly person: Person;
  readonly fault: Faults;
  readonly platform: Platform;

  constructor(setting: Setting, order: Order) {
    this.setting = setting;
    this.clusters = clustersOf(setting).map(({ name }) => name);
    this.simulation = new Simulation({ ...scenarioOf(setting, this.troubles), ...order });
    this.journal = new Journal(() => this.simulation.clock.now());
    this.observer = new Observer(this.simulation, this.journal, servicesOf(setting).length > 1);
    this.ci = new CI(this);
    this.person = new Person(this);
    this.fault = new Faults(this);
    this.platform = new Platform(this);
  }

  /** What was released and verified before the story begins. */
  async prepare(): Promise<void> {
    this.journal.open = false;
    for (const revision of this.setting.verified ?? []) {
      this.ci.releases(revision);
      await this.ends();
    }
    // Statuses of the last release reach everybody, and everything is at rest.
    await this.simulation.settle(5000);
    this.journal.open = true;
  }

  /** The run that goes on, or went on last. */
  get run(): string {
    return this.observer.newest("checkout.production")?.metadata.name ?? "none";
  }

  /** Lets time pass until then. */
  async until(moment: Moment): Promise<void> {
    const came = await this.simulation.runUntil(() => moment.holds(this), PATIENCE);
    if (!came) throw new Error(`it never came to this: ${moment.words}\n${this.journal.told(this.clusters).join("\n")}`);
  }

  /** What must be so by now. */
  expect({ words, holds }: Moment): void {
    if (!holds(this)) throw new Error(`it should be so, and is not: ${words}\n${this.journal.told(this.clusters).join("\n")}`);
  }

  /** Lets time pass until a release has ended, whatever the outcome. */
  async ends(service = "checkout"): Promise<void> {
    await this.until(ended(service));
  }

  /** Lets so many seconds pass. */
  async passes(time: number): Promise<void> {
    await this.simulation.settle(time * 1000);
  }

  /** Lets so many seconds pass, and says so. */
  async quietly(time: number): Promise<void> {
    await this.passes(time);
    this.journal.note(`${seconds(time * 1000)} later`);
  }
}
