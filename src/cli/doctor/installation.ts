import { environmentCrd, type Environment } from "#api/environment.ts";
import { freezeWindowCrd } from "#api/freezewindow.ts";
import { releaseApprovalCrd } from "#api/releaseapproval.ts";
import { releasePreviewCrd } from "#api/releasepreview.ts";
import { releaseRunCrd } from "#api/releaserun.ts";
import { API_VERSION, GROUP } from "#api/rules.ts";
import { serviceReleaseCrd } from "#api/servicerelease.ts";
import { plural, some } from "../words.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import type { Permission, Reading } from "./reading.ts";
import { beyond, ownShape, servedShape } from "./shapes.ts";

/** What is installed in the management cluster, and what you may do there. */

const CRDS = [serviceReleaseCrd, environmentCrd, releaseRunCrd, releaseApprovalCrd, freezeWindowCrd, releasePreviewCrd];
const APPLY_CRDS = "kubectl apply -f crds/ of this version";

/** Below this the chart's admission policies are not served, below that nobody notes who has released. */
const LEAST = [1, 30] as const;
const AUTHORS = [1, 36] as const;

export function checkServer({ version, server }: Reading): Check {
  const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const isBelow = ([wantedMajor, wantedMinor]: readonly [number, number]): boolean =>
    Number(major) < wantedMajor || (Number(major) === wantedMajor && Number(minor) < wantedMinor);
  const what = `${server} is Kubernetes ${version}`;
  if (isBelow(LEAST))
    return fail(
      "server",
      null,
      `${what}, which has no ValidatingAdmissionPolicy: approvals cannot be guarded`,
      "use Kubernetes 1.30 or newer",
    );
  if (isBelow(AUTHORS))
    return warn(
      "server",
      null,
      `${what}, which does not note who releases`,
      "use 1.36 or newer; before, gates must name who approves, or people write conductor.dev/author (docs/gates.md)",
    );
  return ok("server", null, what);
}

export function checkCrds({ served, openapi }: Reading): readonly Check[] {
  const missing = CRDS.filter((one) => !served.includes(one.plural)).map((one) => one.plural);
  if (missing.length > 0) return [fail("crds", null, `${API_VERSION} has no ${missing.join(", ")}`, APPLY_CRDS)];
  if (openapi === undefined)
    return [
      warn(
        "crds",
        null,
        `all of ${API_VERSION} is served; whether it is of this command's version is not known: its schemas cannot be read`,
        "ask for the ClusterRole system:discovery, which everybody has who is not shut out of it",
      ),
    ];
  const found = CRDS.flatMap(({ kind, schema }): readonly Check[] => {
    const [ours, theirs] = [ownShape(schema), servedShape(openapi, GROUP, kind)];
    if (theirs === undefined) return [warn("crds", kind, "the API server does not describe it", "wait a minute, and run doctor again")];
    const older = beyond(ours, theirs);
    if (older.length > 0)
      return [fail("crds", kind, `what is installed is older than this command: it does not know ${some(older, 3)}`, APPLY_CRDS)];
    const newer = beyond(theirs, ours);
    if (newer.length === 0) return [];
    return [
      warn("crds", kind, `what is installed is newer than this command, which does not know ${some(newer, 3)}`, "update this command"),
    ];
  });
  return found.length > 0
    ? found
    : [ok("crds", null, `${plural(CRDS.length, "kind")} of ${API_VERSION} are served as this command knows them`)];
}

export function checkPolicies({ policies, environments }: Reading): Check {
  if ("trouble" in policies) return warn("policies", null, policies.trouble, "run doctor again");
  const fault = policies.value;
  if (fault === undefined) return ok("policies", null, "who decides on approvals, who has released, and who reports is guarded");
  if (fault.isHidden)
    return warn(
      "policies",
      null,
      "you may not read the admission policies: whether approvals are guarded is not known",
      "let somebody run doctor who may get validatingadmissionpolicies and their bindings",
    );
  const asking = "value" in environments ? environments.value.filter(asksPeople).map(({ metadata }) => metadata.name) : [];
  if (asking.length > 0) return fail("policies", some(asking), fault.message, null);
  return warn("policies", null, fault.message, null);
}

/** Whether a release to it waits for people somewhere. */
function asksPeople({ spec }: Environment): boolean {
  return (spec.strategy.waves ?? []).some(({ gates = [] }) => gates.some(({ approval }) => approval !== undefined));
}

/** What may be done in one line, and each of what may not in one of its own. */
export function checkPermissions({ permissions, namespace }: Reading): readonly Check[] {
  const isGiven = ({ missing, unknown }: Permission): boolean => missing.length === 0 && !unknown;
  const given = permissions.filter(isGiven).map(({ commands }) => commands);
  return [
    ...(given.length === 0 ? [] : [ok("rights", null, `in namespace ${namespace} you may ${given.join(", ")}`)]),
    ...permissions.filter((one) => !isGiven(one)).map((one) => checkPermission(one, namespace)),
  ];
}

function checkPermission({ commands, basic, missing }: Permission, namespace: string): Check {
  if (missing.length === 0) return warn("rights", commands, "whether you may is not known: the API server does not say", "try it");
  const what = `you may not ${some(missing, 4)} in namespace ${namespace}`;
  const remedy = "ask for a Role with these verbs, if it is yours to do";
  return basic ? fail("rights", commands, what, remedy) : warn("rights", commands, what, remedy);
}

export function checkConductor({ pulse, unseen, environments, releases }: Reading): readonly Check[] {
  const look = "see that it runs in the management cluster, and read its log; /readyz on its port says what it waits for";
  const behind = unseen.length === 0 ? [] : [fail("conductor", null, `it has not looked at the newest ${some(unseen)}`, look)];
  switch (pulse.kind) {
    case "Answers":
      return [ok("conductor", null, `it answers, in ${seconds(pulse.after)}`), ...behind];
    case "Silent":
      return [fail("conductor", null, `it has not answered a ReleasePreview within ${seconds(pulse.after)}`, look)];
    case "Unasked": {
      if (behind.length > 0) return behind;
      const count = [environments, releases].reduce((sum, one) => sum + ("value" in one ? one.value.length : 0), 0);
      const known = count === 0 ? "" : "it has looked at the newest of all that is there; ";
      return [warn("conductor", null, `${known}whether it is alive now is not known: ${pulse.why}`, pulse.remedy)];
    }
  }
}

function seconds(ms: number): string {
  return `${ms < 9500 ? Math.max(0.1, Math.round(ms / 100) / 10) : Math.round(ms / 1000)} s`;
}
