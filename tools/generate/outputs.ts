import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { environmentCrd } from "#api/environment.ts";
import { freezeWindowCrd } from "#api/freezewindow.ts";
import { releaseApprovalCrd } from "#api/releaseapproval.ts";
import { releasePreviewCrd } from "#api/releasepreview.ts";
import { releaseRunCrd } from "#api/releaserun.ts";
import { GROUP } from "#api/rules.ts";
import { serviceReleaseCrd } from "#api/servicerelease.ts";
import { ARGOCD_CM, argocdConfigMap } from "./argocd.ts";
import { crd, type Resource } from "./crd.ts";

export const RESOURCES: readonly Resource[] = [
  serviceReleaseCrd,
  environmentCrd,
  releaseRunCrd,
  releaseApprovalCrd,
  freezeWindowCrd,
  releasePreviewCrd,
];

const HEADER = "# Generated from src/api by `npm run generate`. Do not edit.\n";
const SCRIPTS =
  "# Generated from the scripts beside it by `npm run generate`. Do not edit.\n# kubectl apply --server-side --filename argocd-cm.yaml: the other keys of argocd-cm stay as they are.\n";

/** Every generated file: path from the project's root → content. */
export function outputs(resources: readonly Resource[] = RESOURCES): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const resource of resources) files.set(`crds/${GROUP}_${resource.plural}.yaml`, HEADER + yaml(crd(resource)));
  files.set(ARGOCD_CM, SCRIPTS + yaml(argocdConfigMap()));
  return files;
}

/** One sentence for each committed file that is not what the generator makes of src/api now. */
export function stale(root: string, wanted: ReadonlyMap<string, string> = outputs()): string[] {
  const problems: string[] = [];
  for (const [path, content] of wanted) {
    if (!existsSync(join(root, path))) problems.push(`${path} is missing: run npm run generate`);
    else if (readFileSync(join(root, path), "utf8") !== content) problems.push(`${path} is out of date: run npm run generate`);
  }
  for (const path of leftOver(root, wanted)) problems.push(`${path} is generated from nothing any more: run npm run generate`);
  return problems;
}

export function write(root: string, wanted: ReadonlyMap<string, string> = outputs()): void {
  for (const path of leftOver(root, wanted)) rmSync(join(root, path));
  for (const [path, content] of wanted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function leftOver(root: string, wanted: ReadonlyMap<string, string>): string[] {
  return globSync("crds/*", { cwd: root }).filter((path) => !wanted.has(path));
}

function yaml(value: unknown): string {
  // No anchors and no folding: a diff of a generated file shows what changed, and nothing else.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
