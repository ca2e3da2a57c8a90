import k8sOperator, { type OperatorLogger, type ResourceEvent } from "@dot-i/k8s-operator";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Log } from "#kube/ports.ts";

/**
 * The package is CommonJS: its class is `default` of the default import. What it does unsafely is closed here and
 * nowhere else: its watches end the process on any error, its one queue runs all events one behind another, and its
 * status writes swallow failures (docs/decisions/0002).
 */
const { default: Operator } = k8sOperator;

export type { ResourceEvent };

/** Where the events of one kind come from: a reflector that recovers by itself. */
export interface EventSource {
  subscribe(onEvent: (event: ResourceEvent) => void): () => void;
}

/** `Operator` with its lifecycle and its vocabulary of events, and none of its own input and output. */
export abstract class SafeOperator extends Operator {
  readonly #unsubscribe: (() => void)[] = [];

  constructor(log: Log) {
    super(operatorLog(log));
    // What client-node makes up where it finds nothing.
    if (this.kubeConfig.getCurrentCluster()?.server === "http://localhost:8080")
      throw new Error("no kubeconfig and no service account was found");
  }

  /** The configuration that `Operator` has loaded: KUBECONFIG, or the pod's service account. */
  protected get config(): KubeConfig {
    return this.kubeConfig;
  }

  /** Where events of a kind come from. */
  protected abstract source(group: string, version: string, plural: string): EventSource;

  protected override watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
  ): Promise<void> {
    this.#unsubscribe.push(
      this.source(group, version, plural).subscribe((event) => void onEvent(event).catch((error: unknown) => this.#failed(plural, error))),
    );
    return Promise.resolve();
  }

  /** One event that nobody could take is no reason to end the process. */
  #failed(plural: string, error: unknown): void {
    this.logger.error(`an event of ${plural} was lost: ${error instanceof Error ? error.message : "unknown error"}`);
  }

  override stop(): void {
    for (const end of this.#unsubscribe) end();
    super.stop();
  }

  protected override registerCustomResourceDefinition(): never {
    return closed("registerCustomResourceDefinition", "CRDs are installed from crds/");
  }

  protected override getCustomResourceApiUri(): never {
    return closed("getCustomResourceApiUri", "kube/paths.ts builds paths");
  }

  protected override setResourceStatus(): never {
    return closed("setResourceStatus", "controllers write status guarded by resourceVersion");
  }

  protected override patchResourceStatus(): never {
    return closed("patchResourceStatus", "controllers write status guarded by resourceVersion");
  }

  protected override handleResourceFinalizer(): never {
    return closed("handleResourceFinalizer", "no resource of ours has a finalizer");
  }

  protected override setResourceFinalizers(): never {
    return closed("setResourceFinalizers", "no resource of ours has a finalizer");
  }

  protected override applyAxiosKubeConfigAuth(): never {
    return closed("applyAxiosKubeConfigAuth", "kube/http.ts authenticates");
  }

  protected override applyGaxiosKubeConfigAuth(): never {
    return closed("applyGaxiosKubeConfigAuth", "kube/http.ts authenticates");
  }
}

function closed(method: string, instead: string): never {
  throw new Error(`Operator.${method} is not used here: ${instead}`);
}

function operatorLog(log: Log): OperatorLogger {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
