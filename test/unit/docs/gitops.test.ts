import assert from "node:assert/strict";
import { test } from "node:test";
import { environment } from "#api/environment.ts";
import { serviceRelease } from "#api/servicerelease.ts";
import { faultOfUrl, LINK_ANNOTATIONS, linkOf, URL_VARIABLES } from "#argo/links.ts";
import { ARGOCD_CM } from "#tools/generate/argocd.ts";
import { example, keeps, stored } from "./manifests.ts";
import { blocks, page, section, words } from "./markdown.ts";

/** docs/gitops.md shows the files of examples/gitops, and names what the code knows. The tables are compared in test/integration/argocd-customizations.test.ts. */

const text = page("docs/gitops.md");

test("what the page shows is a whole example", () => {
  const shown = blocks(text, "yaml");
  assert.equal(shown.length, 3);
  for (const block of shown) {
    const [head = "", file = ""] = /^# (examples\/\S+)\n/.exec(block) ?? [];
    assert.equal(block.slice(head.length), page(file), file);
  }
});

test("the repository's objects are read as they are written", () => {
  for (const [file, schema] of [
    ["production", environment],
    ["checkout.production", serviceRelease],
  ] as const) {
    const [manifest = assert.fail()] = example(`examples/gitops/releases/${file}.yaml`);
    keeps(manifest, schema.parse(stored(manifest)), file);
  }
});

test("the links are those that are written, with the variables that there are", () => {
  const links = section(text, "## Links");
  const [, url = ""] = /--release-url '([^']+)'/.exec(links) ?? [];
  assert.equal(faultOfUrl(url), undefined);
  const variables = {
    namespace: "team-a",
    release: "checkout.production",
    run: "checkout.production-1",
    service: "checkout",
    environment: "production",
  };
  assert.equal(
    linkOf(url, variables).url,
    "https://argocd.example.com/applications/argocd/releases?node=conductor.dev/ServiceRelease/team-a/checkout.production/0",
  );
  const named = words(links);
  for (const name of URL_VARIABLES) assert.ok(named.has(`{{${name}}}`), name);
  for (const key of LINK_ANNOTATIONS) assert.ok(named.has(key) || named.has(key.replace(/^.*\//, "…/")), key);
});

test("the ConfigMap to apply is where the page says", () => assert.ok(text.includes(`--filename ${ARGOCD_CM}\n`)));
