import type { z } from "zod";
import { GROUP, VERSION, type CelRule } from "#api/rules.ts";
import type { Schema } from "./schema.ts";
import { structural } from "./structural.ts";

export interface Resource {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly schema: { readonly spec: z.ZodType; readonly status: z.ZodType };
  /** Rules that need metadata as well as spec. */
  readonly rules: readonly CelRule[];
  readonly columns: readonly { readonly name: string; readonly type: string; readonly jsonPath: string; readonly priority?: number }[];
}

/** A resource of src/api as an apiextensions.k8s.io/v1 CustomResourceDefinition. */
export function crd(resource: Resource) {
  const { kind, plural, shortNames, columns } = resource;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames, categories: ["conductor"] },
      scope: "Namespaced",
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: root(resource) },
        },
      ],
    },
  };
}

function root({ kind, description, schema, rules }: Resource): Schema {
  return {
    type: "object",
    description,
    required: ["spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      // The API server knows metadata; only its name may be bounded here, which keeps rules about it affordable.
      metadata: { type: "object", properties: { name: { type: "string", maxLength: 253 } } },
      spec: structural(schema.spec, `${kind}.spec`),
      status: structural(schema.status, `${kind}.status`),
    },
    ...(rules.length > 0 && { "x-kubernetes-validations": rules }),
  };
}
