import type { Environment } from "#api/environment.ts";
import type { RevisionKind } from "#api/revision.ts";
import { API_VERSION } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { policyFaults, type Fault } from "#controllers/guards.ts";
import { failed } from "#kube/errors.ts";
import { isRecord } from "#kube/shape.ts";
import { ENVS, RELEASES, type Kind } from "../kinds.ts";
import type { Session } from "../session.ts";
import { REVISIONS } from "../setup.ts";
import { troubleOf } from "../trouble.ts";
import { Wrong } from "../wrong.ts";
import { permissionsIn } from "./permissions.ts";
import { askConductor, type Question } from "./previews.ts";
import type { Pulse, Read, Reading } from "./reading.ts";

/** So many releases are asked about at once: each answer costs the conductor a look at every target. */
const MOST = 20;
/** How long an object may be newer than what its status speaks of, in milliseconds. */
const LAG = 5000;

const UNINSTALLED: Pulse = {
  kind: "Unasked",
  why: "releasepreviews are not installed, by which it is asked",
  remedy: "see the line about crds",
};

/** What doctor is to look at. */
export interface Scope {
  readonly allNamespaces: boolean;
  /** One release; else all of them, up to some. */
  readonly release: string | undefined;
}

/** Reads all that the checks look at. Throws Wrong where the API server cannot be asked at all. */
export async function read(session: Session, scope: Scope): Promise<Reading> {
  const { client, clock, signal, namespace, server } = session;
  try {
    // 1. Who is there?
    const version = versionIn(await client.get<unknown>("/version", signal));
    const [served, openapi, policies, permissions] = await Promise.all([
      servedOf(session),
      optional(() => client.get<unknown>(`/openapi/v3/apis/${API_VERSION}`, signal)),
      policiesOf(session),
      permissionsIn(client, { namespace, release: scope.release }, signal),
    ]);

    // 2. What is there?
    const [environments, releases] = await Promise.all([list(session, ENVS, scope.allNamespaces), releasesOf(session, scope)]);
    const unseen = await behind(session, scope, [...valueOf(environments), ...valueOf(releases)]);

    // 3. Does the conductor live, and what does it say of the releases?
    const about = valueOf(releases).slice(0, MOST);
    const kinds = new Map(valueOf(environments).map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, spec.revision]));
    const questions =
      about.length > 0
        ? about.map((one, index) => question(one, kinds, `${clock.now().toString(36)}-${index}`))
        : probe(session, valueOf(environments));
    const { pulse, statuses } = served.includes("releasepreviews")
      ? await askConductor(session, questions)
      : { pulse: UNINSTALLED, statuses: [] };
    const asked = about.map((one, index) => ({ release: called(one, scope), status: statuses[index] }));
    return {
      ...{
        now: clock.now(),
        namespace,
        server,
        version,
        served,
        openapi,
        policies,
        permissions,
        environments,
        releases,
        unseen,
        pulse,
        asked,
      },
      unasked: valueOf(releases).length - about.length,
    };
  } catch (error) {
    throw troubleOf(error, { verb: "get", kind: ENVS, name: undefined, namespace, server });
  }
}

function versionIn(body: unknown): string {
  const version = isRecord(body) ? body["gitVersion"] : undefined;
  return typeof version === "string" ? version : "of an unknown version";
}

/** The plural names of our group and version; none where it is not served. */
async function servedOf({ client, signal }: Session): Promise<readonly string[]> {
  const found = await optional(() => client.get<unknown>(`/apis/${API_VERSION}`, signal));
  const resources = isRecord(found) ? found["resources"] : undefined;
  if (!Array.isArray(resources)) return [];
  return resources.flatMap((one: unknown) => (isRecord(one) && typeof one["name"] === "string" ? [one["name"]] : []));
}

async function policiesOf({ client, signal }: Session): Promise<Read<Fault | undefined>> {
  try {
    return { value: await policyFaults(client, signal) };
  } catch (error) {
    if (failed(error)) return { trouble: `the admission policies cannot be read: ${error.message}` };
    throw error;
  }
}

async function optional<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (failed(error, "Forbidden", "NotFound", "Invalid")) return undefined;
    throw error;
  }
}

async function list<T>(session: Session, kind: Kind<T>, everywhere: boolean): Promise<Read<readonly T[]>> {
  try {
    return { value: await session.list(kind, everywhere) };
  } catch (error) {
    if (error instanceof Wrong) return { trouble: error.message };
    throw error;
  }
}

function valueOf<T>(found: Read<readonly T[]>): readonly T[] {
  return "value" in found ? found.value : [];
}

/** The release that was named, which may be all that somebody may read, or all. Throws Wrong where it is not there. */
async function releasesOf(session: Session, { release: name, allNamespaces }: Scope): Promise<Read<readonly ServiceRelease[]>> {
  if (name === undefined) return list(session, RELEASES, allNamespaces);
  try {
    return { value: [await session.get(RELEASES, name)] };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    // The kind itself may be what is not there: that is a finding.
    if (failed(error.cause, "NotFound") && error.cause.message.includes(name)) throw error;
    return { trouble: error.message };
  }
}

/** Those whose newest generation nobody has looked at, now and some seconds later. */
async function behind(session: Session, scope: Scope, objects: readonly (Environment | ServiceRelease)[]): Promise<readonly string[]> {
  const late = objects.filter(isLate);
  if (late.length === 0) return [];
  await session.clock.sleep(LAG, session.signal);
  const again = await Promise.all(
    late.map((one) =>
      one.kind === "Environment"
        ? session.find(ENVS, one.metadata.name, one.metadata.namespace)
        : session.find(RELEASES, one.metadata.name, one.metadata.namespace),
    ),
  );
  return again.flatMap((one, index) => {
    const before = late[index];
    const isStillLate = one !== undefined && before !== undefined && isLate(one) && one.metadata.generation === before.metadata.generation;
    return isStillLate ? [`${one.kind} ${called(one, scope)}`] : [];
  });
}

function isLate({ metadata, status }: Environment | ServiceRelease): boolean {
  return status?.observedGeneration !== metadata.generation;
}

function called({ metadata: { namespace, name } }: Environment | ServiceRelease, { allNamespaces }: Scope): string {
  return allNamespaces ? `${namespace}/${name}` : name;
}

/** About its next revision, whatever that is: of the one that is there the conductor says that nothing is to be done. */
function question(
  { metadata: { namespace, name }, spec }: ServiceRelease,
  kinds: ReadonlyMap<string, RevisionKind>,
  unique: string,
): Question {
  const kind = kinds.get(`${namespace}/${spec.environment}`);
  const { old, next } = REVISIONS[kind ?? "Commit"];
  const other = spec.revision === next ? old : next;
  return { namespace, release: { ...spec, revision: kind === undefined ? spec.revision : other }, name: `doctor-${name}-${unique}` };
}

/** Where there is no release to ask about, one that nobody wants: any answer is a sign of life. */
function probe({ namespace, clock }: Session, environments: readonly Environment[]): readonly Question[] {
  const metadata = environments[0]?.metadata ?? { namespace, name: "doctor" };
  const release = { service: "doctor", environment: metadata.name, revision: "0".repeat(40) };
  return [{ namespace: metadata.namespace, release, name: `doctor-${clock.now().toString(36)}` }];
}
