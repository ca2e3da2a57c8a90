import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Delivery, ReceiverType } from "#api/notifications.ts";
import { LIMITS } from "#api/rules.ts";
import { GIVE_UP, plan, settled, type Addressee } from "#controllers/notifications/deliveries.ts";
import type { Happening } from "#controllers/notifications/happenings.ts";
import { parseReceiver, type UsableReceiver } from "#notify/receiver.ts";
import { at, T0 } from "#test/build.ts";
import { secret } from "../../notify/messages.ts";

const DATA: Readonly<Record<ReceiverType, Readonly<Record<string, string>>>> = {
  Slack: { type: "Slack", url: "https://hooks.slack.example/x" },
  Webhook: { type: "Webhook", url: "https://hook.example/x", signingKey: "a key of more than sixteen bytes" },
  GitHub: { type: "GitHub", token: "t" },
  GitLab: { type: "GitLab", token: "t" },
};

function usable(type: ReceiverType): UsableReceiver {
  const one = parseReceiver(secret(DATA[type]));
  assert.ok(one.type !== "Refused");
  return one;
}

const happening = (more: Partial<Happening> = {}): Happening => ({
  phase: "Started",
  subject: undefined,
  at: T0,
  message: "2 clusters",
  outcome: undefined,
  ...more,
});
const END = happening({ phase: "Finished", outcome: "Succeeded" });

/** Somebody to whom everything may be sent now. */
const addressee = (more: Partial<Addressee> = {}, type: ReceiverType = "Slack"): Addressee => ({
  entry: { receiver: "one" },
  since: T0,
  found: { kind: "Usable", receiver: usable(type) },
  objection: undefined,
  busy: false,
  free: true,
  happenings: [happening()],
  ...more,
});

const delivery = (more: Partial<Delivery> = {}): Delivery => ({
  receiver: "one",
  phase: "Started",
  state: "Sending",
  attempts: 1,
  at: at(0),
  message: "it is being sent",
  ...more,
});

const never = (): undefined => undefined;
const SECOND = 1000;
/** What a plan makes, in a line for each message. */
const made = (
  stored: readonly Delivery[],
  who: readonly Addressee[],
  seconds = 1,
  retryAt: (one: Delivery) => number | undefined = never,
) => {
  const { deliveries, claims, waits, again } = plan(stored, who, retryAt, T0 + seconds * SECOND);
  return {
    deliveries: deliveries.map(({ receiver, phase, state, attempts, message }) => `${receiver} ${phase} ${state} ${attempts}: ${message}`),
    sends: claims.map((claim) => `${claim.entry.receiver} ${claim.happening.phase}`),
    ...(waits.length === 0 ? {} : { waits }),
    ...(again === undefined ? {} : { again: (again - T0) / SECOND }),
  };
};

suite("what has happened is claimed before it is sent", () => {
  test("once, when it is new", () =>
    assert.deepEqual(made([], [addressee()]), { deliveries: ["one Started Sending 1: it is being sent"], sends: ["one Started"] }));

  const silent: readonly (readonly [string, Partial<Addressee>, number?])[] = [
    ["a phase that nobody asked for", { entry: { receiver: "one", phases: ["Failed"] } }],
    ["before it is stored since when the receiver is named", { since: undefined }],
    ["what was before that", { since: T0 + SECOND }],
    ["what is older than an hour", {}, GIVE_UP / SECOND + 1],
    ["a receiver that cannot be used", { found: { kind: "Problem", problem: "NotFound", message: "" } }],
    ["while another message of the run is under way", { busy: true }],
  ];
  for (const [what, more, seconds] of silent)
    test(`not ${what}`, () => assert.deepEqual(made([], [addressee(more)], seconds), { deliveries: [], sends: [] }));

  test("when the receiver is free again", () =>
    assert.deepEqual(made([], [addressee({ free: false })]), { deliveries: [], sends: [], waits: ["one"] }));
  test("one at a time of a run", () => {
    const two = [happening({ phase: "WaitingForApproval", subject: "a" }), happening({ phase: "WaitingForApproval", subject: "b" })];
    assert.deepEqual(made([], [addressee({ happenings: two })]).sends, ["one WaitingForApproval"]);
  });
  test("to each on its own", () =>
    assert.deepEqual(made([], [addressee(), addressee({ entry: { receiver: "two" } })]).sends, ["one Started", "two Started"]));
  test("and where it can never be told, that is stored in its place", () =>
    assert.deepEqual(made([], [addressee({ objection: "no commit" })]), { deliveries: ["one Started Failed 0: no commit"], sends: [] }));
  test("within a bound, in which there is always room for the end", () => {
    const full = Array.from({ length: LIMITS.deliveries - LIMITS.receivers }, (_, index) =>
      delivery({ phase: "WaitingForApproval", subject: `${index}`, state: "Sent" }),
    );
    assert.deepEqual(made(full, [addressee()]).sends, []);
    assert.deepEqual(made(full, [addressee({ happenings: [END] })]).sends, ["one Finished"]);
  });
});

suite("what is over stays as it is", () => {
  for (const state of ["Sent", "Failed", "Unknown"] as const)
    test(state, () =>
      assert.deepEqual(made([delivery({ state })], [addressee()]), { deliveries: [`one Started ${state} 1: it is being sent`], sends: [] }),
    );
});

suite("a claim that a process before us has left", () => {
  test("is Unknown where a second message would be one too many", () =>
    assert.deepEqual(made([delivery()], [addressee()]), {
      deliveries: ["one Started Unknown 1: the conductor was stopped while it was sent: it is not sent again, lest it come twice"],
      sends: [],
    }));
  for (const type of ["Webhook", "GitHub", "GitLab"] as const)
    test(`is sent again to ${type}`, () =>
      assert.deepEqual(made([delivery()], [addressee({}, type)]), {
        deliveries: ["one Started Sending 2: it is being sent"],
        sends: ["one Started"],
      }));
  test("is waited for where it is under way here", () =>
    assert.deepEqual(made([delivery()], [addressee({ busy: true })]), {
      deliveries: ["one Started Sending 1: it is being sent"],
      sends: [],
    }));
});

suite("what certainly did not arrive", () => {
  const failed = delivery({ state: "Retrying", message: "answered 503" });
  test("is sent again in time, which a restart does not lose", () => {
    assert.deepEqual(made([failed], [addressee()], 1), { deliveries: ["one Started Retrying 1: answered 503"], sends: [], again: 5 });
    assert.deepEqual(made([failed], [addressee()], 5).sends, ["one Started"]);
    assert.equal(made([{ ...failed, attempts: 4 }], [addressee()], 1).again, 40);
    assert.equal(made([{ ...failed, attempts: 30 }], [addressee()], 1).again, 300);
  });
  test("and not before its own time, where that is known", () =>
    assert.equal(made([failed], [addressee()], 5, () => T0 + 7 * SECOND).again, 7));
  test("waits for a receiver that was taken away", () =>
    assert.equal(made([failed], [addressee({ found: { kind: "Problem", problem: "NotFound", message: "" } })], 5).again, 305));
  test("is given up after an hour", () =>
    assert.deepEqual(made([failed], [addressee()], GIVE_UP / SECOND + 1).deliveries, [
      "one Started Failed 1: given up after 1 attempt: answered 503",
    ]));
});

suite("what was overtaken is not told any more", () => {
  for (const [state, becomes] of [
    ["Retrying", "Failed"],
    ["Sending", "Unknown"],
  ] as const)
    test(`${state} becomes ${becomes}, and what is true now is told`, () =>
      assert.deepEqual(made([delivery({ state, message: "m" })], [addressee({ happenings: [END] })]), {
        deliveries: [
          `one Started ${becomes} 1: it was overtaken before it could be told; before that: m`,
          "one Finished Sending 1: it is being sent",
        ],
        sends: ["one Finished"],
      }));
  test("nor to whom the Environment does not name any more", () =>
    assert.deepEqual(made([delivery({ state: "Retrying", message: "m" })], []).deliveries, [
      "one Started Failed 1: the Environment does not name the receiver any more; before that: m",
    ]));
  test("but what is under way is waited for", () =>
    assert.deepEqual(made([delivery()], [addressee({ busy: true, happenings: [END] })]), {
      deliveries: ["one Started Sending 1: it is being sent"],
      sends: [],
    }));
});

suite("one attempt", () => {
  const results = [
    ["Sent", { kind: "Sent", message: "answered 200" }, "Sent", "Sent"],
    ["Refused", { kind: "Refused", message: "answered 404" }, "Failed", "Failed"],
    ["NotNow", { kind: "NotNow", message: "answered 503", retryAfter: 1 }, "Retrying", "Retrying"],
    ["Unknown", { kind: "Unknown", message: "no answer" }, "Unknown", "Retrying"],
  ] as const;
  for (const [what, result, slack, others] of results)
    test(`that is ${what} makes it ${slack} in Slack, ${others} elsewhere`, () => {
      assert.deepEqual(
        [settled(delivery(), { type: "Slack" }, result, T0).state, settled(delivery(), { type: "Webhook" }, result, T0).state],
        [slack, others],
      );
    });
});
