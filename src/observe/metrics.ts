import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** What is read at the moment of a scrape. */
export interface Gauges {
  /** Keys that wait in each work queue. */
  readonly queues: () => Readonly<Record<string, number>>;
  /** Registered clusters by state. */
  readonly clusters: () => Readonly<Record<string, number>>;
}

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  write(kind: string, result: string): void;
  outcome(outcome: string): void;
  notification(type: string, state: string): void;
  observe(gauges: Gauges): void;
}

/** Prometheus metrics in a registry of their own. No label holds a name that users choose, so their number is bounded. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const writes = new Counter({
    name: "release_conductor_target_writes_total",
    help: "Writes to Applications, by kind and by what came of them.",
    labelNames: ["kind", "result"],
    registers,
  });
  const runs = new Counter({
    name: "release_conductor_runs_ended_total",
    help: "Runs that ended, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  const notifications = new Counter({
    name: "release_conductor_notifications_total",
    help: "Messages to receivers, by type and by what came of each attempt.",
    labelNames: ["type", "state"],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    write: (kind, result) => writes.inc({ kind, result }),
    outcome: (outcome) => runs.inc({ outcome }),
    notification: (type, state) => notifications.inc({ type, state }),
    observe: (gauges) => {
      const gauge = (name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void => {
        new Gauge({
          name,
          help,
          labelNames: [label],
          registers,
          collect() {
            this.reset();
            for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
          },
        });
      };
      gauge("release_conductor_queue_depth", "Keys that wait to be worked on, by queue.", "queue", gauges.queues);
      gauge("release_conductor_clusters", "Registered clusters, by state.", "state", gauges.clusters);
    },
  };
}
