import { stamp } from "#api/conditions.ts";
import type { KubeObject, KubeRequest, KubeResponse } from "#kube/ports.ts";
import { isQuestion } from "#kube/reviews.ts";
import type { VirtualClock } from "./clock.ts";
import { frameOf, lastOf, question, type Frame } from "./frames.ts";
import { GarbageCollector } from "./garbage.ts";
import { at, carried, isObject, objectAt, put, textAt, type Json, type JsonObject } from "./json.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { keyOf, locate, type Location } from "./locations.ts";
import { changed, created, jsonOf, objectOf, withMeta } from "./objects.ts";
import { jsonPatch, mergePatch, Misfit } from "./patches.ts";
import { alreadyExists, misfit, refusal } from "./refusals.ts";
import type { Selects } from "./selectors.ts";
import { Collection } from "./storage.ts";
import type { Write } from "./writes.ts";

/** A request, who makes it, and what it leads to. */
interface Call {
  readonly request: KubeRequest;
  readonly who: string;
  readonly place: Location;
  readonly kind: Kind;
  readonly collection: Collection;
}

const STALE = "the object has been modified; please apply your changes to the latest version and try again";
const APPLY = "application/apply-patch+yaml";
const METHOD = "the server does not allow this method on the requested resource";
/** Who one is. */
const SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const NO_RESOURCE = "the server could not find the requested resource";

/**
 * A Kubernetes API server in memory, as far as a conductor and an Argo CD use one. Every method acts at once; latency is
 * its connections'. What it hands out is frozen and shared. Refusals are KubeFailures, as a client would see them.
 */
export class ApiServer {
  readonly name: string;
  readonly #clock: VirtualClock;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<(write: Write) => void>();
  readonly #garbage: GarbageCollector;
  /** What paths lead to: there are few, and they come again and again. */
  readonly #places = new Map<string, Location | undefined>();
  #version = 1000;
  #forgotten = 0;
  #made = 0;

  constructor(name: string, clock: VirtualClock, kinds: ReadonlyMap<string, Kind> = KINDS) {
    this.name = name;
    this.#clock = clock;
    this.#kinds = kinds;
    for (const resource of kinds.keys()) this.#collections.set(resource, new Collection());
    this.#garbage = new GarbageCollector(this, clock);
  }

  get version(): number {
    return this.#version;
  }

  /** The object at a path; undefined where there is none. */
  find(path: string): KubeObject | undefined {
    const place = this.#locate(path);
    return place === undefined ? undefined : this.#collections.get(place.resource)?.get(placeKey(place));
  }

  /** All objects of a resource, `group/version/plural`, in the order of their keys. */
  all(resource: string): readonly KubeObject[] {
    return this.#collections.get(resource)?.view(this.#version) ?? [];
  }

  /** Calls `listener` with every write, while nothing else happens; returns how to stop that. */
  onWrite(listener: (write: Write) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets its history: a watch or a page from before is answered 410. */
  compact(): void {
    this.#forgotten = this.#version;
  }

  /** The version before the last `changes` changes of the collection that a path leads to. */
  behind(path: string, changes: number): number {
    const place = locate(path);
    return (place === undefined ? undefined : this.#collections.get(place.resource)?.behind(changes)) ?? this.#version;
  }

  /** Answers one request; a list shows the state at `version`, which is now unless it is given. Throws KubeFailure. */
  handle(request: KubeRequest, who: string, version = this.#version): KubeResponse {
    if (request.path === "/version") return { status: 200, body: Object.freeze({ gitVersion: "v1.37.0-simulated" }) };
    if (request.path === SELF)
      return { status: 201, body: Object.freeze({ kind: "SelfSubjectReview", status: { userInfo: { username: who } } }) };
    // Everybody may do everything here.
    if (isQuestion(request)) return { status: 201, body: Object.freeze({ status: Object.freeze({ allowed: true }) }) };
    const call = this.#call(request, who);
    if (call.place.name === undefined) {
      if (request.method === "POST") return { status: 201, body: this.#create(call) };
      if (request.method === "GET") return { status: 200, body: this.#list(call, version) };
      throw refusal(405, METHOD, request);
    }
    const found = call.collection.get(placeKey(call.place));
    if (found === undefined && request.contentType === APPLY) return { status: 201, body: this.#create(call) };
    if (found === undefined) throw refusal(404, `${call.kind.kind} "${call.place.name}" not found`, request);
    switch (request.method) {
      case "GET":
        return { status: 200, body: found };
      case "PUT":
      case "PATCH":
        return { status: 200, body: this.#change(call, found) };
      case "DELETE":
        this.#delete(call, found);
        return { status: 200, body: Object.freeze({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" }) };
      case "POST":
        throw refusal(405, METHOD, request);
    }
  }

  /** Changes one object whatever its version, as a controller's own patch does; undefined where there is none, or nothing to change. */
  modify(who: string, path: string, change: (object: JsonObject) => JsonObject | undefined): KubeObject | undefined {
    const call = this.#call({ method: "PATCH", path }, who);
    const found = call.collection.get(placeKey(call.place));
    const next = found === undefined ? undefined : change(jsonOf(found));
    return found === undefined || next === undefined ? undefined : this.#store(call, "patch", found, next);
  }

  /**
   * Calls `tell` with the frames of a watch: at once those since `resourceVersion`, later each as it happens; returns how to
   * end that. Throws KubeFailure when it does not know that version any more.
   */
  watch(request: KubeRequest, tell: (frame: Frame) => void): () => void {
    const { place, collection } = this.#call(request, "");
    const from = Number(request.query?.["resourceVersion"] ?? this.#version);
    if (from < this.#forgotten) throw refusal(410, `too old resource version: ${from} (${this.#forgotten})`, request);
    const selects = selecting(request, place);
    const show = (change: Parameters<typeof frameOf>[0]): void => {
      const frame = change.version > from ? frameOf(change, selects) : undefined;
      if (frame !== undefined) tell(frame);
    };
    for (const change of collection.since(from)) show(change);
    return collection.listen(show);
  }

  #call(request: KubeRequest, who: string): Call {
    const place = this.#locate(request.path);
    const kind = place === undefined ? undefined : this.#kinds.get(place.resource);
    const collection = place === undefined ? undefined : this.#collections.get(place.resource);
    if (place === undefined || kind === undefined || collection === undefined) throw refusal(404, NO_RESOURCE, request);
    return { request, who, place, kind, collection };
  }

  #locate(path: string): Location | undefined {
    if (!this.#places.has(path)) this.#places.set(path, locate(path));
    return this.#places.get(path);
  }

  #list({ request, place, kind, collection }: Call, newest: number): object {
    const [, began, last = ""] = /^(\d+) (.*)$/.exec(request.query?.["continue"] ?? "") ?? [];
    const version = began === undefined ? newest : Number(began);
    if (version < this.#forgotten) throw refusal(410, "The provided continue parameter is too old", request);
    const selects = selecting(request, place);
    const all = collection.view(version).filter((object) => selects(object) && keyOf(object) > last);
    const limit = Number(request.query?.["limit"] ?? 0) || Infinity;
    const items = all.length > limit ? all.slice(0, limit) : all;
    const end = items.at(-1);
    const more = items.length < all.length && end !== undefined ? { continue: `${version} ${keyOf(end)}` } : {};
    return Object.freeze({
      apiVersion: kind.apiVersion,
      kind: `${kind.kind}List`,
      metadata: { resourceVersion: `${version}`, ...more },
      items,
    });
  }

  #create(call: Call): KubeObject {
    const { request, place, kind, collection } = call;
    const body = carried(request.body);
    if (!isObject(body) || objectOf(body) === undefined) throw refusal(400, "the body is not an object with a name", request);
    const named = withMeta(body, "namespace", place.namespace);
    const key = `${place.namespace ?? ""}/${textAt(named, "metadata", "name") ?? ""}`;
    if (collection.get(key) !== undefined) throw alreadyExists(key, request);
    this.#made += 1;
    const bare = created(kind.statusSubresource ? put(named, "status", undefined) : named, this.#uid(), kind, this.#author(call));
    return this.#commit(call, "create", key, undefined, admit(call, bare, undefined));
  }

  #change(call: Call, before: KubeObject): KubeObject {
    const { request } = call;
    const next = request.method === "PUT" ? carried(request.body) : patched(request, jsonOf(before));
    if (!isObject(next)) throw refusal(400, "the body is not an object", request);
    const { resourceVersion, uid } = objectAt(next, "metadata");
    if (resourceVersion === undefined && request.method === "PUT")
      throw refusal(422, "metadata.resourceVersion: must be specified for an update", request);
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw refusal(409, STALE, request);
    if (uid !== undefined && uid !== before.metadata.uid)
      throw refusal(409, "Precondition failed: UID in precondition is another", request);
    return this.#store(call, request.method === "PUT" ? "update" : "patch", before, next);
  }

  /** Stores what differs, of the part that the path leads to. */
  #store(call: Call, verb: "update" | "patch", found: KubeObject, wanted: JsonObject): KubeObject {
    const { place, kind, request } = call;
    const before = jsonOf(found);
    if (place.subresource !== undefined && !(place.subresource === "status" && kind.statusSubresource))
      throw refusal(404, NO_RESOURCE, request);
    const rest = kind.statusSubresource ? put(wanted, "status", before["status"]) : wanted;
    const next = place.subresource === "status" ? put(before, "status", wanted["status"]) : rest;
    const after = changed(before, admit(call, next, before), kind, this.#author(call));
    if (after === before) return found;
    const finalizers = at(after, "metadata", "finalizers");
    const held = Array.isArray(finalizers) && finalizers.length > 0;
    const gone = found.metadata.deletionTimestamp !== undefined && !held;
    return this.#commit(call, gone ? "delete" : verb, keyOf(found), found, gone ? undefined : after);
  }

  #delete(call: Call, found: KubeObject): void {
    const { request, kind } = call;
    const wanted = objectAt(carried(request.body ?? {}), "preconditions");
    for (const field of ["uid", "resourceVersion"] as const)
      if (wanted[field] !== undefined && wanted[field] !== found.metadata[field])
        throw refusal(409, `Precondition failed: ${field} in precondition is another`, request);
    const { finalizers = [], deletionTimestamp, generation } = found.metadata;
    if (finalizers.length === 0) return void this.#commit(call, "delete", keyOf(found), found, undefined);
    if (deletionTimestamp !== undefined) return;
    const json = withMeta(jsonOf(found), "deletionTimestamp", stamp(this.#clock.now()));
    const after = kind.generations && generation !== undefined ? withMeta(json, "generation", generation + 1) : json;
    this.#commit(call, "delete", keyOf(found), found, after);
  }

  /** Makes a change durable and tells everyone. Returns the object, or its last state. */
  #commit(
    { place, who, collection }: Call,
    verb: Write["verb"],
    key: string,
    before: KubeObject | undefined,
    next?: JsonObject,
  ): KubeObject {
    this.#version += 1;
    const version = this.#version;
    const after = next === undefined ? undefined : objectOf(withMeta(next, "resourceVersion", `${version}`));
    collection.commit(key, { version, before, after });
    const { resource, subresource } = place;
    const write: Write = { at: this.#clock.now(), server: this.name, who, verb, resource, key, subresource, version, before, after };
    this.#garbage.note(write);
    for (const listener of this.#listeners) listener(write);
    const shown = after ?? (before === undefined ? undefined : lastOf(before, version));
    if (shown === undefined) throw new Error("a change was of nothing: this is a mistake of the simulation");
    return shown;
  }

  #author({ request, who }: Call): { readonly manager: string; readonly now: number } {
    return { manager: request.query?.["fieldManager"] ?? who, now: this.#clock.now() };
  }

  /** Unlike any other in this simulation, and the same in the next one. */
  #uid(): string {
    return `${this.name}-${`${this.#made}`.padStart(6, "0")}`.slice(-63);
  }
}

function placeKey({ namespace, name }: Location): string {
  return `${namespace ?? ""}/${name ?? ""}`;
}

function selecting(request: KubeRequest, place: Location): Selects {
  const selects = question(request, place.namespace);
  if (selects === undefined) throw refusal(400, "unable to parse the selector", request);
  return selects;
}

function patched(request: KubeRequest, before: JsonObject): Json {
  const body = carried(request.body);
  switch (request.contentType) {
    case "application/json-patch+json":
      try {
        return jsonPatch(before, body);
      } catch (error) {
        if (error instanceof Misfit) throw misfit(request);
        throw error;
      }
    case "application/merge-patch+json":
      return mergePatch(before, body);
    // As if one manager declared all of the spec: nobody else's fields are kept, and none conflicts.
    case APPLY:
      return isObject(body) ? mergePatch(put(before, "spec", body["spec"]), put(body, "spec", undefined)) : body;
    default:
      throw refusal(415, `${request.contentType ?? "no content type"} is not served by this simulated API server`, request);
  }
}

function admit({ kind, request }: Call, object: JsonObject, before: JsonObject | undefined): JsonObject {
  const admitted = kind.admit(object, before);
  if (typeof admitted === "string") throw refusal(422, `${kind.kind} is invalid: ${admitted}`, request);
  return admitted;
}
