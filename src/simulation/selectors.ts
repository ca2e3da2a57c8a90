import type { KubeObject } from "#kube/ports.ts";

export type Selects = (object: KubeObject) => boolean;

/** What a labelSelector selects: equality, membership and existence, all of which must hold. undefined when it is not one. */
export function labelSelector(text: string | undefined): Selects | undefined {
  if (text === undefined || text.trim() === "") return () => true;
  const requirements = text.split(/,(?![^(]*\))/).map((part) => requirement(part.trim()));
  if (requirements.includes(undefined)) return undefined;
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds?.(labels) === true);
}

type Labels = Readonly<Record<string, string>>;

function requirement(text: string): ((labels: Labels) => boolean) | undefined {
  const [, member, operation, list = ""] = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text) ?? [];
  if (member !== undefined) {
    const values = list.split(",").map((value) => value.trim());
    const within = (labels: Labels): boolean => Object.hasOwn(labels, member) && values.includes(labels[member] ?? "");
    return operation === "in" ? within : (labels) => !within(labels);
  }
  const [, key, operator, value = ""] = /^([^\s!=(),]+)\s*(==?|!=)\s*([^\s!=(),]*)$/.exec(text) ?? [];
  if (key !== undefined) return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  const [, not, present] = /^(!)?\s*([^\s!=(),]+)$/.exec(text) ?? [];
  if (present === undefined) return undefined;
  return (labels) => Object.hasOwn(labels, present) === (not === undefined);
}

/** What a fieldSelector selects: of custom resources, an API server knows these two fields. */
export function fieldSelector(text: string | undefined): Selects | undefined {
  if (text === undefined || text.trim() === "") return () => true;
  const [, field, value] = /^metadata\.(name|namespace)==?([^,=!]+)$/.exec(text.trim()) ?? [];
  if (field === "name") return ({ metadata }) => metadata.name === value;
  if (field === "namespace") return ({ metadata }) => metadata.namespace === value;
  return undefined;
}
