import type { ApiServer } from "./apiserver.ts";
import { pathOf, RESOURCES } from "./scenario.ts";

/** Those of the chart that hold who approves: here they are only looked at, and hold nobody. */
const POLICIES = ["release-conductor-approvals", "release-conductor-authors", "release-conductor-reports"] as const;

/** Installs them and their bindings, as the chart does. */
export function installPolicies(server: ApiServer): void {
  const apiVersion = "admissionregistration.k8s.io/v1";
  for (const name of POLICIES) {
    const policy = {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name, annotations: { "conductor.dev/policy": "1" } },
      spec: { failurePolicy: "Fail" },
    };
    const binding = {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    };
    server.handle({ method: "POST", path: pathOf(RESOURCES.policies, undefined), body: policy }, "setup");
    server.handle({ method: "POST", path: pathOf(RESOURCES.policyBindings, undefined), body: binding }, "setup");
  }
}
