import type { Environment, InstanceStatus } from "#api/environment.ts";
import { isOlder } from "#argo/version.ts";
import { RIGHTS } from "#argo/rights.ts";
import { SOON } from "#controllers/environmentinstances.ts";
import { ago, lasting, plural, some } from "../words.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import type { Reading } from "./reading.ts";

/** The clusters, as their Environments tell of them. */

/** The oldest line of Argo CD whose behaviour is known here. */
const OLDEST = [3, 0] as const;
/** At most so many lines of one kind for one Environment. */
const MOST = 10;
const NETWORK = "see what lies between the conductor and it: the conductor asks again and again by itself";
const EXAMPLE = "examples/rbac-target.yaml";

export function checkFleet(reading: Reading): readonly Check[] {
  const { environments, namespace, now } = reading;
  if ("trouble" in environments) return [warn("clusters", null, environments.trouble, null)];
  const all = environments.value;
  if (all.length === 0)
    return [
      warn(
        "clusters",
        null,
        `there is no Environment in namespace ${namespace}`,
        "make one (examples/environment.yaml), or choose another namespace with -n or -A",
      ),
    ];
  const isOne = new Set(all.map(({ metadata }) => metadata.namespace)).size === 1;
  const instances = new Map(all.flatMap(({ status }) => (status?.instances ?? []).map((one) => [one.name, one] as const)));
  return [
    ...all.flatMap((one) => checkEnvironment(one, isOne ? one.metadata.name : `${one.metadata.namespace}/${one.metadata.name}`)),
    ...checkCredentials([...instances.values()], now),
    ...checkArgo([...instances.values()]),
  ];
}

function checkEnvironment({ status }: Environment, name: string): readonly Check[] {
  const { clusters, problems = [], conditions = [] } = status ?? {};
  if (clusters === undefined) return [warn("clusters", name, "the conductor has not looked at it yet", "run doctor again in a minute")];
  if (clusters.covered === 0)
    return [
      fail(
        "clusters",
        name,
        conditions.find(({ type }) => type === "Ready")?.message ?? "no registration matches",
        "register a cluster, or correct spec.clusters",
      ),
    ];
  if (clusters.usable === clusters.covered) return [ok("clusters", name, `${clusters.summary} can be used`)];
  const rest = clusters.covered - clusters.usable - Math.min(problems.length, MOST);
  return [
    ...problems
      .slice(0, MOST)
      .map(({ cluster, problem, message }) =>
        fail("clusters", `${name}, ${cluster}`, `${problem}: ${message}`, problem === "Unreachable" ? NETWORK : null),
      ),
    ...(rest > 0 ? [fail("clusters", name, `${plural(rest, "cluster")} more cannot be used`, "conductor clusters -o wide")] : []),
  ];
}

function checkCredentials(instances: readonly InstanceStatus[], now: number): readonly Check[] {
  const ending = instances
    .flatMap(({ name, credential }) => {
      const end = credential?.expiresAt;
      return end === undefined || Date.parse(end) - now >= SOON ? [] : [{ name, end }];
    })
    .toSorted((a, b) => Date.parse(a.end) - Date.parse(b.end));
  if (ending.length === 0)
    return instances.length === 0
      ? []
      : [ok("credentials", null, `${plural(instances.length, "Argo CD")}: no credential ends within a week, as far as they say`)];
  return ending.map(({ name, end }) => {
    const remedy = "make another, and put it into the Secret of its registration: the conductor takes it at once";
    const left = Date.parse(end) - now;
    if (left <= 0) return fail("credentials", name, `its credential ended ${ago(end, now)} ago`, remedy);
    return warn("credentials", name, `its credential ends in ${lasting(left)}, at ${end}`, remedy);
  });
}

function checkArgo(instances: readonly InstanceStatus[]): readonly Check[] {
  const old = instances.filter(({ argocdVersion: version }) => version !== undefined && isOlder(version, OLDEST));
  const missing = RIGHTS.flatMap(({ name, required, without, role }): readonly Check[] => {
    const lacking = instances.filter(({ missingRights = [] }) => missingRights.includes(name));
    if (lacking.length === 0) return [];
    const where = some(lacking.map((one) => one.name));
    const remedy = `apply ${role} of ${EXAMPLE} there`;
    return [(required ? fail : warn)("argo-cd", where, `the conductor has not the right to ${name}: ${without}`, remedy)];
  });
  const nameless = instances.filter(
    ({ argocdVersion, missingRights }) =>
      argocdVersion === undefined && missingRights !== undefined && !missingRights.includes("ArgoCDVersion"),
  );
  const silent = instances.filter(({ missingRights }) => missingRights === undefined);
  const names = (some_: readonly InstanceStatus[]): string => some(some_.map((one) => one.name));
  const checks = [
    ...missing,
    ...old.map(({ name, argocdVersion }) =>
      warn(
        "argo-cd",
        name,
        `its Argo CD is ${argocdVersion}, older than ${OLDEST.join(".")}: how that reports is not known here`,
        "update it",
      ),
    ),
    ...(nameless.length === 0
      ? []
      : [
          warn(
            "argo-cd",
            names(nameless),
            "the version of its Argo CD is not known: neither argocd-application-controller nor argocd-server tells it",
            "nothing is lost but this check; their image's tag or the label app.kubernetes.io/version would tell",
          ),
        ]),
    ...(silent.length === 0
      ? []
      : [
          warn(
            "argo-cd",
            names(silent),
            "which rights the conductor has there is not known: it has not answered, or does not say",
            "see the lines about clusters",
          ),
        ]),
  ];
  if (checks.length > 0 || instances.length === 0) return checks;
  const versions = [...new Set(instances.flatMap(({ argocdVersion }) => argocdVersion ?? []))].toSorted();
  return [ok("argo-cd", null, `${plural(instances.length, "Argo CD")} (${some(versions)}), with every right that helps`)];
}
