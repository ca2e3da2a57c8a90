/** Why a registration cannot be used: a sentence with the remedy. It quotes nothing out of a Secret's data. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** DNS-1123 label (RFC 1123): what Kubernetes calls namespaces, and we call clusters. */
export function isLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** Whether a field holds something: `null` is how JSON and YAML leave one out. */
export function given(field: unknown): boolean {
  return field !== undefined && field !== null;
}
