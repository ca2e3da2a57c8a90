import { z } from "zod";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { Clock } from "#kube/ports.ts";

/** The admission policy that holds who may decide on a ReleaseApproval; as the chart installs it. */
const POLICY = "release-conductor-approvals";
const POLICIES = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicies" } as const;
const BINDINGS = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicybindings" } as const;

/** How long an answer is good, in milliseconds. */
const GOOD = 30_000;

const policy = z.object({
  spec: z.looseObject({ failurePolicy: z.string().default("Fail"), validations: z.array(z.unknown()).default([]) }),
});
const binding = z.object({
  spec: z.looseObject({
    policyName: z.string(),
    validationActions: z.array(z.string()).default([]),
    matchResources: z.unknown().optional(),
  }),
});

const REMEDY = "install helm/release-conductor/templates/admission.yaml with the chart (approvals.enabled: true)";

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
    try {
      const [found, bound] = await Promise.all([
        this.#home.get(object(POLICIES, undefined, POLICY), signal),
        this.#home.get(object(BINDINGS, undefined, POLICY), signal),
      ]);
      const [one, by] = [policy.safeParse(found), binding.safeParse(bound)];
      if (one.data?.spec.failurePolicy !== "Fail" || one.data.spec.validations.length === 0)
        return `ValidatingAdmissionPolicy ${POLICY} has been changed, so that approvals are not safe: ${REMEDY} again`;
      if (
        by.data?.spec.policyName !== POLICY ||
        !by.data.spec.validationActions.includes("Deny") ||
        by.data.spec.matchResources !== undefined
      )
        return `ValidatingAdmissionPolicyBinding ${POLICY} has been changed, so that approvals are not safe: ${REMEDY} again`;
      return undefined;
    } catch (error) {
      if (failed(error, "NotFound"))
        return `nothing holds who may approve, as ValidatingAdmissionPolicy ${POLICY} or its binding is missing: ${REMEDY}`;
      if (failed(error, "Forbidden"))
        return `the conductor may not see whether admission holds who may approve: give it the rights of examples/rbac-management.yaml`;
      throw error;
    }
  }
}
