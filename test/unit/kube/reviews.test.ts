import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeClient } from "#kube/client.ts";
import { KubeFailure, type KubeFailureKind } from "#kube/errors.ts";
import { isQuestion, mayI } from "#kube/reviews.ts";
import { FakeClock, FakeTransport, noJitter, openFence } from "./fakes.ts";

const never = new AbortController().signal;
const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

function client(answer: KubeFailure | object) {
  const transport = new FakeTransport();
  transport.answers.push(answer);
  return { transport, kube: new KubeClient(transport, openFence, new FakeClock(), noJitter) };
}

test("one question is one review of oneself", async () => {
  const { transport, kube } = client({ status: { allowed: true } });
  const access = { verb: "patch", group: "argoproj.io", resource: "rollouts", subresource: "status", namespace: "shop", name: "checkout" };
  assert.equal(await mayI(kube, access, never), true);
  assert.deepEqual(transport.asked, [
    {
      method: "POST",
      path: REVIEWS,
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes: access } },
    },
  ]);
});

const answers: readonly (readonly [what: string, answer: KubeFailure | object, allowed: boolean | undefined])[] = [
  ["says no", { status: { allowed: false, reason: "no RBAC policy matched" } }, false],
  ["says yes", { status: { allowed: true, evaluationError: "a role is missing" } }, true],
  ["could not decide", { status: { allowed: false, evaluationError: "the webhook did not answer" } }, undefined],
  ["says something else", { status: "ok" }, undefined],
  ["lets nobody ask", new KubeFailure("Forbidden", "forbidden"), undefined],
  ["does not know the question", new KubeFailure("NotFound", "not found"), undefined],
];
for (const [what, answer, allowed] of answers)
  test(`an API server that ${what}`, async () => {
    assert.equal(await mayI(client(answer).kube, { verb: "get", group: "", resource: "secrets" }, never), allowed);
  });

for (const kind of ["Unreachable", "Untrusted", "Unauthorized", "ServerError", "Aborted"] as const satisfies readonly KubeFailureKind[])
  test(`an API server that is ${kind} has said nothing, and that is a failure`, async () => {
    await assert.rejects(mayI(client(new KubeFailure(kind, "no answer")).kube, { verb: "get", group: "", resource: "pods" }, never), {
      kind,
    });
  });

test("only a review is a question: whatever else is posted is a write", () => {
  assert.deepEqual(
    [
      isQuestion({ method: "POST", path: REVIEWS }),
      isQuestion({ method: "PUT", path: REVIEWS }),
      isQuestion({ method: "POST", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews" }),
      isQuestion({ method: "POST", path: "/api/v1/namespaces/default/secrets" }),
    ],
    [true, false, false, false],
  );
});
