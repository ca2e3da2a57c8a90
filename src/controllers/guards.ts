import { z } from "zod";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { Clock } from "#kube/ports.ts";

/** The admission policies that hold who may decide, who has released, and who says how runs stand; as the chart installs them. */
const NAMES = ["release-conductor-approvals", "release-conductor-authors", "release-conductor-reports"] as const;
/** The version of them that this conductor trusts, or a newer one. */
const TRUSTED = 1;
const VERSION = "conductor.dev/policy";
const POLICIES = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicies" } as const;
const BINDINGS = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicybindings" } as const;

/** How long an answer is good, in milliseconds. */
const GOOD = 30_000;

const policy = z.object({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({ failurePolicy: z.string().default("Fail"), validations: z.array(z.unknown()).default([]) }),
});
const binding = z.object({
  spec: z.looseObject({
    policyName: z.string(),
    validationActions: z.array(z.string()).default([]),
    matchResources: z.unknown().optional(),
  }),
});

const REMEDY = "install the chart helm/release-conductor with approvals.enabled: true";

/** Whether admission holds who approves: without that anybody who may write an approval could give it in any name. */
export class Guards {
  readonly #home: KubeClient;
  readonly #clock: Clock;
  #known: { readonly at: number; readonly missing: string | undefined } | undefined;

  constructor(home: KubeClient, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
  }

  /** What is missing, with the remedy; undefined when nothing is. Rejects with KubeFailure when that cannot be told now. */
  async approvals(signal: AbortSignal): Promise<string | undefined> {
    const now = this.#clock.now();
    if (this.#known !== undefined && this.#known.missing === undefined && now - this.#known.at < GOOD) return undefined;
    const missing = await this.#missing(signal);
    this.#known = { at: now, missing };
    return missing;
  }

  async #missing(signal: AbortSignal): Promise<string | undefined> {
    const found = await Promise.all(NAMES.map((name) => this.#fault(name, signal)));
    return found.find((one) => one !== undefined);
  }

  async #fault(name: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const [found, bound] = await Promise.all([
        this.#home.get(object(POLICIES, undefined, name), signal),
        this.#home.get(object(BINDINGS, undefined, name), signal),
      ]);
      const { data: one } = policy.safeParse(found);
      const { data: by } = binding.safeParse(bound);
      if (one?.spec.failurePolicy !== "Fail" || one.spec.validations.length === 0)
        return `ValidatingAdmissionPolicy ${name} has been changed, so that approvals are not safe: ${REMEDY}`;
      if (!(Number(one.metadata.annotations[VERSION]) >= TRUSTED))
        return `ValidatingAdmissionPolicy ${name} is older than this conductor: ${REMEDY}, of this version`;
      if (by?.spec.policyName !== name || !by.spec.validationActions.includes("Deny") || by.spec.matchResources !== undefined)
        return `ValidatingAdmissionPolicyBinding ${name} has been changed, so that approvals are not safe: ${REMEDY}`;
      return undefined;
    } catch (error) {
      if (failed(error, "NotFound"))
        return `nothing holds who may approve: ValidatingAdmissionPolicy ${name} or its binding is missing: ${REMEDY}`;
      if (failed(error, "Forbidden"))
        return "the conductor may not see whether admission holds who may approve: give it the rights of examples/rbac-management.yaml";
      throw error;
    }
  }
}
