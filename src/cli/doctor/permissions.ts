import { GROUP } from "#api/rules.ts";
import type { KubeClient } from "#kube/client.ts";
import { mayI } from "#kube/reviews.ts";
import type { Permission } from "./reading.ts";

/** What commands ask of the API server, by commands that go together. */
const NEEDS: readonly {
  readonly commands: string;
  readonly basic: boolean;
  readonly rights: Readonly<Record<string, readonly string[]>>;
}[] = [
  { commands: "status, history, explain, wait", basic: true, rights: { servicereleases: ["get", "list", "watch"] } },
  { commands: "every cluster in status and explain", basic: false, rights: { releaseruns: ["get"] } },
  { commands: "clusters, values", basic: false, rights: { environments: ["get", "list"] } },
  { commands: "plan", basic: false, rights: { releasepreviews: ["create", "get"] } },
  { commands: "deploy", basic: false, rights: { servicereleases: ["create", "patch"] } },
  { commands: "pause, resume, skip, abort, retry, confirm, rollback", basic: false, rights: { servicereleases: ["patch"] } },
  { commands: "approve, reject", basic: false, rights: { releaseapprovals: ["list", "patch", "approve"] } },
  { commands: "freeze, unfreeze", basic: false, rights: { freezewindows: ["get", "list", "create", "delete"] } },
];

/**
 * Asks what the person who runs the command may do in a namespace; to one release, where one is named, which may be all that somebody
 * may touch. Throws KubeFailure while nobody answers.
 */
export async function permissionsIn(
  client: KubeClient,
  { namespace, release }: { readonly namespace: string; readonly release: string | undefined },
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  // Several commands ask for the same.
  const answers = new Map<string, Promise<boolean | undefined>>();
  const ask = (resource: string, verb: string): Promise<boolean | undefined> => {
    const key = `${verb} ${resource}`;
    const answer = answers.get(key) ?? mayI(client, { verb, group: GROUP, resource, namespace, ...named(resource, release) }, signal);
    answers.set(key, answer);
    return answer;
  };
  return Promise.all(
    NEEDS.map(async ({ commands, basic, rights }) => {
      const wanted = Object.entries(rights).flatMap(([resource, verbs]) => verbs.map((verb) => ({ resource, verb })));
      const given = await Promise.all(wanted.map(({ resource, verb }) => ask(resource, verb)));
      const denied = wanted.filter((_, index) => given[index] === false);
      const missing = Object.keys(rights).flatMap((resource) => {
        const verbs = denied.filter((one) => one.resource === resource).map(({ verb }) => verb);
        return verbs.length === 0 ? [] : [`${verbs.join(", ")} ${resource}`];
      });
      return { commands, basic, missing, unknown: given.includes(undefined) };
    }),
  );
}

function named(resource: string, release: string | undefined): { readonly name?: string } {
  return resource === "servicereleases" && release !== undefined ? { name: release } : {};
}
