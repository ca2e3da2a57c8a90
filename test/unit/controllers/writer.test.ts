import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseLink } from "#argo/links.ts";
import { write } from "#controllers/writer.ts";
import type { WriteKind } from "#engine/world.ts";
import { KubeFailure, type KubeFailureKind } from "#kube/errors.ts";
import { application, R1, R2, R3, run, tracks, want, type ApplicationBuilder } from "#test/build.ts";
import { FakeInstance, HandClock } from "./fakes.ts";

const path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/checkout";
const project = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default";

async function writing(
  app: ApplicationBuilder | undefined,
  answers: FakeInstance["answers"] = {},
  kind: WriteKind = "Patch",
  link?: ReleaseLink,
) {
  const eu = new FakeInstance("eu", new HandClock());
  eu.app = app;
  Object.assign(eu.answers, answers);
  const { spec } = run({ targets: [{ cluster: "eu" }] });
  const [target = assert.fail()] = spec.targets;
  const over = [tracks(kind === "Refresh" || kind === "Sync" ? R2 : R1)];
  const result = await write(
    eu,
    { namespace: "team-a", spec, ...(link && { link }) },
    target,
    { cluster: "eu", kind, want: want(), over },
    new AbortController().signal,
  );
  return { result, asked: eu.asked };
}
const sent = (asked: FakeInstance["asked"]): readonly string[] => asked.map(({ method, path: to }) => `${method} ${to}`);
const unasked = application().but((raw) => void (raw.metadata = { ...raw.metadata, annotations: {} }));

test("it reads, and patches exactly what it read", async () => {
  const { result, asked } = await writing(application());
  assert.deepEqual([result, sent(asked)], [{ kind: "Done", resourceVersion: "9999", by: "us" }, [`GET ${path}`, `PATCH ${path}`]]);
  assert.deepEqual((asked[1]?.body as unknown[] | undefined)?.[0], { op: "replace", path: "/metadata/resourceVersion", value: "4711" });
});

test("what is there already is not written again", async () => {
  const { result, asked } = await writing(application().tracking(R2));
  assert.deepEqual([result, sent(asked)], [{ kind: "Done", resourceVersion: "4712", by: "before" }, [`GET ${path}`]]);
});

test("what somebody changed since is looked at again, and not written over", async () => {
  const { result, asked } = await writing(application().tracking(R3));
  assert.deepEqual([result, sent(asked)], [{ kind: "Changed", resourceVersion: "4712" }, [`GET ${path}`]]);
});

test("without consent on it or on its project nothing is written", async () => {
  const { result, asked } = await writing(unasked);
  const message =
    "Application argocd/checkout on eu has not consented to team-a/checkout.production: annotate it: conductor.dev/authorized: team-a/checkout.production";
  assert.deepEqual([result, sent(asked)], [{ kind: "NotAuthorized", message }, [`GET ${path}`, `GET ${project}`]]);
});

test("its AppProject may consent for it", async () => {
  const GET: FakeInstance["answers"][string] = ({ path: to }) =>
    to === project ? { metadata: { name: "default", annotations: { "conductor.dev/authorized": "team-a/*.production" } } } : unasked.raw;
  const { result, asked } = await writing(unasked, { GET });
  assert.deepEqual([result.kind, sent(asked).length], ["Done", 3]);
});

test("an AppProject that may not be asked consents to nothing, and the message says so", async () => {
  const GET: FakeInstance["answers"][string] = ({ path: to }) => (to === project ? new KubeFailure("Forbidden", "no") : unasked.raw);
  const { result } = await writing(unasked, { GET });
  assert.match(
    result.kind === "NotAuthorized" ? result.message : "",
    /AppProject default could not be asked: the right to get appprojects is missing/,
  );
});

for (const [kind, becomes] of [
  ["Conflict", { kind: "Changed", resourceVersion: undefined }],
  ["NotFound", { kind: "Changed", resourceVersion: undefined }],
  ["Fenced", { kind: "Changed", resourceVersion: undefined }],
  ["Aborted", { kind: "Changed", resourceVersion: undefined }],
  ["Unreachable", { kind: "Retry", retryAfter: undefined, message: "words" }],
  ["ServerError", { kind: "Retry", retryAfter: undefined, message: "words" }],
  ["Forbidden", { kind: "Refused", message: "words" }],
  ["Invalid", { kind: "Refused", message: "words" }],
  ["Unauthorized", { kind: "Refused", message: "words" }],
] as const satisfies readonly (readonly [KubeFailureKind, object])[]) {
  test(`a patch that ends as ${kind} is ${becomes.kind}, and is sent once`, async () => {
    const { result, asked } = await writing(application(), { PATCH: () => new KubeFailure(kind, "words") });
    assert.deepEqual([result, asked.filter(({ method }) => method === "PATCH").length], [becomes, 1]);
  });
}

test("an Application that is gone is looked for again", async () => {
  assert.deepEqual((await writing(undefined)).result, { kind: "Changed", resourceVersion: undefined });
});

test("a refresh changes an annotation and no value", async () => {
  const { asked } = await writing(application().tracking(R2), {}, "Refresh");
  assert.deepEqual(
    (asked.at(-1)?.body as { path: string }[] | undefined)?.map(({ path: to }) => to),
    ["/metadata/resourceVersion", "/metadata/annotations/argocd.argoproj.io~1refresh"],
  );
});

test("what leads to the release goes with a write, and is no reason for one", async () => {
  const link = { url: "https://argocd.example.com/releases", release: "team-a/checkout.production" };
  const links = ({ asked }: Awaited<ReturnType<typeof writing>>): number =>
    asked.filter(({ body }) => JSON.stringify(body ?? "").includes(link.url)).length;
  const [written, there] = [await writing(application(), {}, "Patch", link), await writing(application().tracking(R2), {}, "Patch", link)];
  assert.deepEqual([links(written), links(there), sent(there.asked)], [1, 0, [`GET ${path}`]]);
});
