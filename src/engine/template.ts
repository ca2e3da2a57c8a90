import type { Variable } from "#api/rules.ts";

export type Variables = Readonly<Partial<Record<Variable, string>>>;

/** Puts values into `{{variable}}`. The API server has refused unknown ones; one that is left is left as it stands. */
export function fill(template: string, variables: Variables): string {
  return template.replaceAll(
    /\{\{ *([a-z]+) *\}\}/g,
    (whole, name: Variable) => (Object.hasOwn(variables, name) ? variables[name] : undefined) ?? whole,
  );
}
