import { Document, isNode, isPair, isScalar, isSeq, visit } from "yaml";
import { MASK } from "./secrets.ts";
import type { ValuesDocument } from "./document.ts";
import { pathText, visible, type Plain, type Step } from "./tree.ts";
import { resolved } from "./yaml.ts";

/** The merged values as YAML, a document for all clusters that have the same; each value with what it is from. */
export function mergedText({ environments, secrets }: ValuesDocument): string {
  const parts = environments.flatMap(({ name, clusters }) => {
    const groups = new Map<string, string[]>();
    const lines: string[] = [];
    for (const { name: cluster, values, origins = {}, refusals, without } of clusters) {
      if (values === undefined || values === null) lines.push(`# ${name}: ${cluster} renders nothing: ${refusals.map(visible).join("; ")}`);
      else {
        const text = [...without.map((what) => `# not known here, and left out: ${visible(what)}`), yamlOf(values, origins)].join("\n");
        groups.set(text, [...(groups.get(text) ?? []), cluster]);
      }
    }
    return [...lines, ...[...groups].map(([text, names]) => `# ${name}: ${names.join(", ")}\n${text}`.trimEnd())];
  });
  const body = `${parts.join("\n---\n")}\n`;
  return secrets === "Masked" && body.includes(MASK)
    ? `# ${MASK} stands for what looks like a secret: --show-secrets shows it\n${body}`
    : body;
}

function yamlOf(values: Plain, origins: Readonly<Record<string, string>>): string {
  const document = new Document(values, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, (key, node, path) => {
    if (key === "key" || !isNode(node)) return;
    // What helm would read as another thing than a text stands in quotes.
    if (isScalar(node) && typeof node.value === "string" && typeof resolved(node.value) !== "string") node.type = "QUOTE_DOUBLE";
    const from = origins[pathText(stepsTo(key, path))];
    if (from !== undefined) node.comment = ` ${visible(from)}`;
  });
  return document.toString({ lineWidth: 0 });
}

/** The keys and indexes that lead to a node. */
function stepsTo(key: unknown, path: readonly unknown[]): readonly Step[] {
  const steps: Step[] = [];
  path.forEach((parent, at) => {
    const child = path[at + 1];
    if (isPair(parent)) steps.push(isScalar(parent.key) ? String(parent.key.value) : String(parent.key));
    else if (isSeq(parent)) steps.push(child === undefined ? Number(key) : parent.items.indexOf(child));
  });
  return steps;
}
