import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_ANNOTATIONS, linkAnnotations, linkOf } from "#argo/links.ts";
import { patch, type ApplicationWrite } from "#argo/patch.ts";
import { observe, project } from "#argo/read.ts";
import { application, R1, R2, RUN, type ApplicationBuilder } from "#test/build.ts";
import { apply, type Op } from "./jsonpatch.ts";

const guard = (app: ApplicationBuilder): Op => ({
  op: "replace",
  path: "/metadata/resourceVersion",
  value: app.raw.metadata.resourceVersion,
});
const link = linkOf("https://argocd.example.com/{{namespace}}/{{release}}?run={{ run }}", {
  namespace: "team-a",
  release: "checkout.production",
  run: "checkout.production-3",
  service: "checkout",
  environment: "production",
});
const URL_ = "https://argocd.example.com/team-a/checkout.production?run=checkout.production-3";
const add = (key: string, value: string): Op => ({ op: "add", path: `/metadata/annotations/${key.replace("/", "~1")}`, value });
const toRelease = [
  add("link.argocd.argoproj.io/release", `ServiceRelease team-a/checkout.production|${URL_}`),
  add("notice.argocd.argoproj.io/content", "Last released by ServiceRelease team-a/checkout.production"),
  add("notice.argocd.argoproj.io/severity", "info"),
  add("notice.argocd.argoproj.io/url", URL_),
];
const linked = (app: ApplicationBuilder, kind: ApplicationWrite["kind"], to = link): readonly Op[] =>
  patch(app.raw, { kind, values: { targetRevision: R2 }, source: undefined, run: RUN, link: to }).body as readonly Op[];
const annotated = (annotations: Readonly<Record<string, string>> | undefined): ApplicationBuilder =>
  application().but((raw) => void Object.assign(raw.metadata, { annotations }));

test("a patch of values leads to its release as well, and takes no other annotation away", () => {
  const app = annotated({ "conductor.dev/authorized": "team-a/*" });
  assert.deepEqual(linked(app, "Patch"), [guard(app), { op: "add", path: "/spec/source/targetRevision", value: R2 }, ...toRelease]);
  const { annotations } = apply(app.raw, linked(app, "Patch")).metadata;
  assert.deepEqual(Object.keys(annotations ?? {}), ["conductor.dev/authorized", ...LINK_ANNOTATIONS]);
});

test("where there is no annotation yet, there is one map of them", () =>
  assert.deepEqual(linked(annotated(undefined), "Refresh").slice(1), [
    { op: "add", path: "/metadata/annotations", value: {} },
    ...toRelease,
    add("argocd.argoproj.io/refresh", "normal"),
  ]));

test("what leads there already is not written again", () => {
  const app = annotated(Object.fromEntries(Object.entries(linkAnnotations(link, {}))));
  assert.deepEqual(linked(app, "Refresh").slice(1), [add("argocd.argoproj.io/refresh", "normal")]);
  assert.deepEqual(linked(app, "Patch", { ...link, url: "https://new" }).slice(2), [
    add("link.argocd.argoproj.io/release", "ServiceRelease team-a/checkout.production|https://new"),
    add("notice.argocd.argoproj.io/url", "https://new"),
  ]);
});

test("a link and a notice of somebody else stay", () => {
  const others = { "link.argocd.argoproj.io/release": "https://notes", "notice.argocd.argoproj.io/content": "Frozen until Monday" };
  assert.deepEqual(linked(annotated(others), "Patch").slice(2), []);
});

test("the end of an operation is nothing but that", () =>
  assert.deepEqual(linked(application(), "Terminate"), [
    guard(application()),
    { op: "replace", path: "/status/operationState/phase", value: "Terminating" },
  ]));

test("values that would mean something in a URL are encoded", () =>
  assert.equal(
    linkOf("https://x/{{service}}", { namespace: "n", release: "r", run: "r-1", service: "a/b c", environment: "e" }).url,
    "https://x/a%2Fb%20c",
  ));

test("links are no values: what is observed is the same with and without them", () => {
  const [bare, full] = [annotated({}), annotated({ ...linkAnnotations(link, {}) })];
  const observed = (app: ApplicationBuilder): unknown => observe(project(app.raw), undefined, { targetRevision: R1 });
  assert.deepEqual(observed(full), observed(bare));
});
