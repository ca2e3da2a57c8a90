/** RFC 6902 as far as our patches use it: add, remove, replace and test, on objects and lists. */
export interface Op {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

export function apply<T>(document: T, ops: readonly Op[]): T {
  const copy = structuredClone(document);
  for (const { op, path, value } of ops) {
    const keys = path
      .slice(1)
      .split("/")
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() ?? "";
    const parent = keys.reduce<Record<string, unknown> | undefined>(
      (at, key) => at?.[key] as Record<string, unknown> | undefined,
      copy as Record<string, unknown>,
    );
    if (parent === undefined) throw new Error(`${op} ${path}: there is no parent`);
    if (op !== "add" && !(last in parent)) throw new Error(`${op} ${path}: there is nothing`);
    if (op === "test" && JSON.stringify(parent[last]) !== JSON.stringify(value)) throw new Error(`${op} ${path}: it differs`);
    if (op === "add" || op === "replace") parent[last] = structuredClone(value);
    if (op === "remove") delete parent[last];
  }
  return copy;
}
