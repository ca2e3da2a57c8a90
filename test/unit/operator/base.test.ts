import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import k8sOperator from "@dot-i/k8s-operator";
import { SafeOperator, type EventSource, type ResourceEvent } from "#operator/base.ts";
import { eventsOf } from "#operator/events.ts";
import { FakeLog } from "#test/unit/kube/fakes.ts";

// The base loads a configuration as soon as it is made.
process.env["KUBECONFIG"] = join(import.meta.dirname, "kubeconfig.yaml");

/** What of the base is left as it is, and why it may be. */
const LEFT: Readonly<Record<string, string>> = {
  constructor: "loads the configuration, and sends nothing",
  start: "calls init",
  errorToJson: "text only",
  resourceStatusRequest: "private: only setResourceStatus and patchResourceStatus call it, and both are closed",
};
const OPEN = ["watchResource", "stop"];
const base = k8sOperator.default.prototype;
const methods = Object.getOwnPropertyNames(base);

class Probe extends SafeOperator {
  readonly listeners: ((event: ResourceEvent) => void)[] = [];
  handle: (event: ResourceEvent) => Promise<void> = async () => undefined;

  protected override init(): Promise<void> {
    return this.watchResource("conductor.dev", "v1alpha1", "things", (event) => this.handle(event));
  }

  protected override source(): EventSource {
    return {
      subscribe: (listener) => {
        this.listeners.push(listener);
        return () => void this.listeners.splice(this.listeners.indexOf(listener), 1);
      },
    };
  }
}

for (const name of methods.filter((one) => !(one in LEFT))) {
  test(`${name} of the base is overridden`, () => {
    assert.ok(Object.hasOwn(SafeOperator.prototype, name), `${name}: override it in operator/base.ts, or say here why it may stay`);
  });
}

for (const name of methods.filter((one) => !(one in LEFT) && !OPEN.includes(one))) {
  test(`${name} is closed, and says what is used instead`, () => {
    const method = Reflect.get(SafeOperator.prototype, name) as () => never;
    assert.throws(() => method.call(SafeOperator.prototype), new RegExp(`^Error: Operator.${name} is not used here: .{10,}`));
  });
}

test("what is left of the base is there, and reaches nobody by itself", () => {
  assert.deepEqual(
    Object.keys(LEFT).filter((name) => !methods.includes(name)),
    [],
  );
  for (const name of ["constructor", "start", "errorToJson"])
    assert.doesNotMatch(
      String(Reflect.get(base, name))
        .replace(/^class[\s\S]*?constructor/, "constructor")
        .split("\n    }\n")[0] ?? "",
      /request\(|watch\(|axios|gaxios/i,
    );
  const callers = methods.filter(
    (name) => name !== "constructor" && String(Reflect.get(base, name)).includes("this.resourceStatusRequest("),
  );
  assert.deepEqual(callers, ["setResourceStatus", "patchResourceStatus"]);
});

const event = { type: "ADDED", meta: {}, object: {} } as unknown as ResourceEvent;

test("an event that cannot be handled is logged, and the process goes on", async () => {
  const log = new FakeLog();
  const probe = new Probe(log);
  await probe.start();
  probe.handle = () => Promise.reject(new Error("boom"));
  probe.listeners[0]?.(event);
  await setImmediate();
  assert.deepEqual(log.lines, [{ level: "error", message: "an event of things was lost: boom", fields: undefined }]);
});

test("events of one kind do not wait for each other, and end with the operator", async () => {
  const probe = new Probe(new FakeLog());
  await probe.start();
  let begun = 0;
  probe.handle = () => new Promise(() => void (begun += 1));
  probe.listeners[0]?.(event);
  probe.listeners[0]?.(event);
  assert.equal(begun, 2);
  probe.stop();
  assert.deepEqual(probe.listeners, []);
});

test("what a reflector shows becomes events: added, modified, and deleted too", () => {
  const things = new Map<string, { kind: string; metadata: { resourceVersion: string } }>();
  let tell: (key: string) => void = () => undefined;
  const told: string[] = [];
  eventsOf({ get: (key) => things.get(key), onChange: (listener) => ((tell = listener), () => undefined) }, "things").subscribe(
    ({ type, meta }) => {
      told.push(`${type} ${meta.kind} ${meta.namespace}/${meta.name} ${meta.resourceVersion}`);
    },
  );
  for (const version of ["1", "2"]) {
    things.set("team-a/x", { kind: "Thing", metadata: { resourceVersion: version } });
    tell("team-a/x");
  }
  things.clear();
  tell("team-a/x");
  tell("team-a/never-seen");
  assert.deepEqual(told, [
    "ADDED Thing team-a/x 1",
    "MODIFIED Thing team-a/x 2",
    "DELETED Thing team-a/x 2",
    "DELETED things team-a/never-seen 0",
  ]);
});
