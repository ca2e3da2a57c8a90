import { z } from "zod";
import type { KubeClient } from "#kube/client.ts";
import { failed } from "#kube/errors.ts";
import { object } from "#kube/paths.ts";
import type { Clock } from "#kube/ports.ts";

/** The form of the policies that we trust: the annotation conductor.dev/policy in the chart. */
const POLICY = "1";
/** Who approved is worth what all of these hold: who decides, who released, and who stores what was decided. */
const POLICIES = ["release-conductor-approvals", "release-conductor-authors", "release-conductor-reports"] as const;
/** How long the policies are taken to be as they were, and how soon they are looked for again while one is missing; milliseconds. */
const GOOD = 60_000;
const BAD = 10_000;

const REMEDY = "install the chart release-conductor of this version with approvals.enabled=true";

const admission = (plural: string) => ({ group: "admissionregistration.k8s.io", version: "v1", plural });

const policy = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ failurePolicy: z.string(), matchConditions: z.array(z.unknown()).default([]) }),
});
const binding = z.object({
  spec: z.object({ policyName: z.string(), validationActions: z.array(z.string()), matchResources: z.unknown().optional() }),
});

/** What is wrong with the policies. */
export interface Fault {
  /** A sentence with the remedy, for the conductor. */
  readonly message: string;
  /** Whether all that is wrong is that they may not be read. */
  readonly isHidden: boolean;
}

/** What is wrong, as whoever `home` is sees it; undefined when nothing is. Throws KubeFailure while the API server does not say. */
export async function policyFaults(home: KubeClient, signal: AbortSignal): Promise<Fault | undefined> {
  for (const name of POLICIES) {
    const found =
      (await wrong(home, "validatingadmissionpolicies", name, policyFault, signal)) ??
      (await wrong(home, "validatingadmissionpolicybindings", name, (raw) => bindingFault(name, raw), signal));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the admission policies are in force without which anybody could approve anything. */
export class Guards {
  readonly #home: KubeClient;
  readonly #clock: Clock;
  #known: { readonly problem: string | undefined; readonly at: number } | undefined;

  constructor(home: KubeClient, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
  }

  /** What is missing, with the remedy; undefined when nothing is. Throws KubeFailure while the API server does not say. */
  async approvals(signal: AbortSignal): Promise<string | undefined> {
    const now = this.#clock.now();
    if (this.#known !== undefined) {
      const { problem, at } = this.#known;
      if (at <= now && now < at + (problem === undefined ? GOOD : BAD)) return problem;
    }
    const problem = (await policyFaults(this.#home, signal))?.message;
    this.#known = { problem, at: this.#clock.now() };
    return problem;
  }
}

async function wrong(
  home: KubeClient,
  plural: string,
  name: string,
  fault: (found: unknown) => string | undefined,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const what = `${plural}/${name}`;
  const visible = (message: string): Fault => ({ message, isHidden: false });
  try {
    const found = fault(await home.get<unknown>(object(admission(plural), undefined, name), signal));
    return found === undefined ? undefined : visible(`${what} ${found}, so that nobody could trust an approval: ${REMEDY}`);
  } catch (error) {
    if (failed(error, "NotFound")) return visible(`${what} does not exist, so that anybody could approve: ${REMEDY}`);
    if (failed(error, "Forbidden"))
      return {
        message: `the conductor may not read ${what}, so that it cannot trust an approval: apply examples/rbac-management.yaml`,
        isHidden: true,
      };
    throw error;
  }
}

function policyFault(found: unknown): string | undefined {
  const { data } = policy.safeParse(found);
  if (data === undefined) return "cannot be read";
  const version = data.metadata.annotations["conductor.dev/policy"] ?? "none";
  if (version !== POLICY) return `is of another version (${version}, not ${POLICY})`;
  if (data.spec.failurePolicy !== "Fail") return `lets through what it cannot check (failurePolicy ${data.spec.failurePolicy})`;
  return data.spec.matchConditions.length > 0 ? "is not asked every time (matchConditions)" : undefined;
}

function bindingFault(name: string, found: unknown): string | undefined {
  const { data } = binding.safeParse(found);
  if (data === undefined) return "cannot be read";
  const { policyName, validationActions, matchResources } = data.spec;
  if (policyName !== name) return `is for another policy (${policyName})`;
  if (!validationActions.includes("Deny")) return `does not refuse anything (validationActions ${validationActions.join(", ")})`;
  return matchResources === undefined || matchResources === null ? undefined : "does not hold everywhere (matchResources)";
}
