import { z } from "zod";

/** Where an Argo CD says which version it is, by the names of its own manifests and of its Helm chart. */
export const CONTROLLER = {
  resource: { group: "apps", version: "v1", plural: "statefulsets" },
  name: "argocd-application-controller",
} as const;
export const SERVER = { resource: { group: "apps", version: "v1", plural: "deployments" }, name: "argocd-server" } as const;

const LABEL = "app.kubernetes.io/version";
const VERSION = /^v?(\d+)\.(\d+)\.(\d+)([-+][0-9A-Za-z.+-]*)?$/;

const workload = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string().default("") })) }) }),
  }),
});

/**
 * The version of the Argo CD that a StatefulSet or Deployment runs, such as v3.1.4: the tag of its image, which is what runs, else
 * its label, where the image is given by digest. Undefined when neither is a version.
 */
export function versionOf(raw: unknown): string | undefined {
  const { data } = workload.safeParse(raw);
  if (data === undefined) return undefined;
  const { containers } = data.spec.template.spec;
  const container = containers.find(({ name }) => name === data.metadata.name) ?? containers[0];
  return versionIn(tagOf(container?.image ?? "")) ?? versionIn(data.metadata.labels?.[LABEL] ?? "");
}

/** `[registry[:port]/]name[:tag][@digest]`, as containers name images. */
function tagOf(image: string): string {
  const [, tag = ""] = /[^/]:([^:/]+)$/.exec(image.split("@", 1)[0] ?? "") ?? [];
  return tag;
}

function versionIn(text: string): string | undefined {
  const found = VERSION.exec(text);
  return found === null || text.length > 64 ? undefined : `v${text.replace(/^v/, "")}`;
}

/** Whether a version is older than the first of a line of releases; a pre-release of that is not older. */
export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, ours = "0", theirs = "0"] = VERSION.exec(version) ?? [];
  return Number(ours) < major || (Number(ours) === major && Number(theirs) < minor);
}
