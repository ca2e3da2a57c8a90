import { parseConfig, USAGE } from "./config.ts";
import { systemClock } from "#kube/clock.ts";
import { createLog } from "#observe/log.ts";
import { createMetrics } from "#observe/metrics.ts";
import { ReleaseOperator } from "#operator/operator.ts";
import { serveProbes } from "#operator/probes.ts";

if (Number(process.versions.node.split(".")[0]) < 26) fail(`release-conductor needs Node 26 or newer, this is ${process.version}`);

const config = configured();
const log = createLog(config.logLevel);
const metrics = createMetrics();
const operator = connected(
  () =>
    new ReleaseOperator({
      namespace: config.namespace,
      settings: config,
      count: metrics,
      // One replica for now: a Lease is put here when there are two.
      fence: { open: () => true },
      clock: systemClock,
      random: Math.random,
      log,
    }),
);
metrics.observe({ queues: () => operator.queueDepths(), clusters: () => operator.clusterStates() });

const { server, port } = await serveProbes(config.host, config.port, { ready: () => operator.notReady(), metrics }).catch(
  (error: unknown) =>
    fail(
      `${config.host}:${config.port} cannot be listened on: ${error instanceof Error ? error.message : "unknown error"}. Choose another with --listen.`,
    ),
);
await operator.start();
log.info("started", { namespace: config.namespace, host: config.host, port });

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    log.info("stopping", { signal });
    server.close();
    server.closeAllConnections();
    void operator.shutdown().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("the end was not orderly", { error });
        process.exit(1);
      },
    );
  });
}

function configured(): Exclude<ReturnType<typeof parseConfig>, "help"> {
  try {
    const parsed = parseConfig(process.argv.slice(2), process.env);
    if (parsed !== "help") return parsed;
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : "wrong arguments"}\n\n${USAGE}`);
  }
}

function connected<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    return fail(
      `The management cluster cannot be found: ${error instanceof Error ? error.message : "unknown error"}.\nSet KUBECONFIG to a kubeconfig of it, or run in a pod of it.`,
    );
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
