import type { KubeObject } from "#kube/ports.ts";

/** One change that an API server has made durable. */
export interface Write {
  /** Virtual time, milliseconds since the epoch. */
  readonly at: number;
  readonly server: string;
  readonly who: string;
  readonly verb: "create" | "update" | "patch" | "delete";
  /** `group/version/plural`. */
  readonly resource: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly subresource: string | undefined;
  readonly version: number;
  readonly before: KubeObject | undefined;
  /** undefined once it is gone. */
  readonly after: KubeObject | undefined;
}
