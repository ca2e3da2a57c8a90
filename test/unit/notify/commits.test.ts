import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { NotificationPhase } from "#api/notifications.ts";
import type { Outcome } from "#api/reasons.ts";
import { markerOf } from "#notify/comment.ts";
import { toCommit } from "#notify/commits.ts";
import type { Message } from "#notify/message.ts";
import { Unanswered, type Post, type PostAnswer, type PostRequest } from "#notify/post.ts";
import { parseReceiver, type CommitReceiver } from "#notify/receiver.ts";
import { message, secret } from "./messages.ts";

type Type = CommitReceiver["type"];
type Reply = Partial<PostAnswer> | Unanswered;

/** A server that is played: one reply for each request, in their order. */
class ScriptedPost implements Post {
  readonly requests: PostRequest[] = [];
  readonly #replies: Reply[];

  constructor(replies: readonly Reply[]) {
    this.#replies = [...replies];
  }

  async send(request: PostRequest): Promise<PostAnswer> {
    this.requests.push(request);
    const reply = this.#replies.shift();
    if (reply === undefined) throw new Error(`${request.method} ${request.url.href} was not expected`);
    if (reply instanceof Unanswered) throw reply;
    return { status: 201, retryAfter: undefined, body: "", ...reply };
  }
}

function receiverOf(type: Type, url?: string): CommitReceiver {
  const one = parseReceiver(secret({ type, token: "t0ken", ...(url === undefined ? {} : { url }) }));
  assert.ok(one.type === type);
  return one;
}

async function told(type: Type, one: Message, replies: readonly Reply[], { again = false, url }: { again?: boolean; url?: string } = {}) {
  const post = new ScriptedPost(replies);
  const result = await toCommit(receiverOf(type, url), one, post, new AbortController().signal, again);
  return { result, lines: post.requests.map(({ method, url: at }) => `${method} ${at.href}`), requests: post.requests };
}

const SHA = "a".repeat(40);
const COMMENTED = message({ comment: true });

test("GitHub gets a status in the form that it documents", async () => {
  const { result, requests } = await told("GitHub", message(), [{}]);
  assert.deepEqual(result, { kind: "Sent", message: "answered 201" });
  assert.deepEqual(
    requests.map(({ url, body = "", ...rest }) => ({ url: url.href, body: JSON.parse(body) as unknown, ...rest })),
    [
      {
        url: `https://api.github.com/repos/acme/checkout/statuses/${SHA}`,
        body: {
          state: "success",
          context: "conductor/team-a/checkout.production",
          description: `checkout in production: Succeeded, 2 of 3 clusters are ready, revision ${SHA} (checkout.production-1)`.slice(
            0,
            140,
          ),
        },
        method: "POST",
        headers: {
          accept: "application/vnd.github+json",
          "x-github-api-version": "2022-11-28",
          authorization: "Bearer t0ken",
          "content-type": "application/json",
        },
      },
    ],
  );
});

test("GitLab gets a status in the form that it documents, for a project below groups", async () => {
  const { requests } = await told("GitLab", message({ repository: "acme/shop/checkout" }), [{}], { url: "https://git.example/api/v4/" });
  assert.deepEqual(
    requests.map(({ url, body = "", ...rest }) => ({ url: url.href, body: JSON.parse(body) as unknown, ...rest })),
    [
      {
        url: `https://git.example/api/v4/projects/acme%2Fshop%2Fcheckout/statuses/${SHA}`,
        body: {
          state: "success",
          name: "conductor/team-a/checkout.production",
          description: `checkout in production: Succeeded, 2 of 3 clusters are ready, revision ${SHA} (checkout.production-1)`.slice(
            0,
            140,
          ),
        },
        method: "POST",
        headers: { accept: "application/json", "private-token": "t0ken", "content-type": "application/json" },
      },
    ],
  );
});

suite("the state says how it stands", () => {
  const states: readonly (readonly [NotificationPhase, Outcome | undefined, string, string])[] = [
    ["Started", undefined, "pending", "running"],
    ["WaitingForApproval", undefined, "pending", "running"],
    ["Failed", undefined, "failure", "failed"],
    ["Failed", "Failed", "failure", "failed"],
    ["Failed", "Aborted", "error", "canceled"],
    ["RolledBack", "RolledBack", "failure", "failed"],
    ["Finished", "Succeeded", "success", "success"],
    ["Finished", "SucceededWithSkips", "success", "success"],
    ["Finished", "Superseded", "error", "canceled"],
  ];
  for (const [phase, outcome, github, gitlab] of states)
    test(`${phase} ${outcome ?? "in flight"} is ${github} and ${gitlab}`, async () => {
      const one = message({ phase, outcome });
      const sent = await Promise.all((["GitHub", "GitLab"] as const).map((type) => told(type, one, [{}])));
      assert.deepEqual(
        sent.map(({ requests }) => (JSON.parse(requests[0]?.body ?? "") as { state: string }).state),
        [github, gitlab],
      );
    });
});

suite("a comment", () => {
  const base = `https://api.github.com/repos/acme/checkout`;
  const status = `POST ${base}/statuses/${SHA}`;
  const comments = `${base}/commits/${SHA}/comments`;

  test("is written after the status, and the first time without a look", async () => {
    const { lines, requests } = await told("GitHub", COMMENTED, [{}, {}]);
    assert.deepEqual(lines, [status, `POST ${comments}`]);
    assert.match(
      (JSON.parse(requests[1]?.body ?? "") as { body: string }).body,
      /^<!-- conductor\.dev\/message: msg_1 -->\n`checkout` in /,
    );
  });
  test("is for how it ended only", async () =>
    assert.deepEqual((await told("GitHub", message({ comment: true, phase: "Started", outcome: undefined }), [{}])).lines, [status]));
  test("that may be there is looked for first, on every page, and not written twice", async () => {
    const other = JSON.stringify(Array.from({ length: 50 }, () => ({ body: `somebody quotes ${markerOf(COMMENTED)}` })));
    const ours = JSON.stringify([{ body: `${markerOf(COMMENTED)}\nwhatever` }]);
    const found = await told("GitHub", COMMENTED, [{}, { status: 200, body: other }, { status: 200, body: ours }], { again: true });
    assert.deepEqual(found.lines, [status, `GET ${comments}?per_page=50&page=1`, `GET ${comments}?per_page=50&page=2`]);
    assert.deepEqual(found.result, { kind: "Sent", message: "the comment is there already" });
    const absent = await told("GitHub", COMMENTED, [{}, { status: 200, body: "[]" }, {}], { again: true });
    assert.deepEqual(absent.lines, [status, `GET ${comments}?per_page=50&page=1`, `POST ${comments}`]);
  });
  test("is a note to GitLab", async () => {
    const notes = JSON.stringify([{ note: `${markerOf(COMMENTED)}\nwhatever`, author: {} }]);
    assert.equal((await told("GitLab", COMMENTED, [{}, { status: 200, body: notes }], { again: true })).result.kind, "Sent");
    const { requests } = await told("GitLab", COMMENTED, [{}, {}]);
    assert.equal(requests[1]?.url.href, `https://gitlab.com/api/v4/projects/acme%2Fcheckout/repository/commits/${SHA}/comments`);
    assert.deepEqual(Object.keys(JSON.parse(requests[1]?.body ?? "") as object), ["note"]);
  });
  test("is not written again where nobody can tell whether it is there", async () => {
    for (const body of ["<html>", "{}"])
      assert.equal((await told("GitHub", COMMENTED, [{}, { status: 200, body }], { again: true })).result.kind, "Refused");
  });
});

suite("GitLab refuses a state that the commit has already", () => {
  const list = (...states: readonly string[]) => JSON.stringify(states.map((status, id) => ({ id, status, name: "x" })));
  test("then it is looked up, and all is well", async () => {
    const { result, lines } = await told("GitLab", message(), [{ status: 400 }, { status: 200, body: list("running", "success") }]);
    assert.deepEqual(result, { kind: "Sent", message: "the commit has this status already" });
    assert.equal(
      lines[1],
      `GET https://gitlab.com/api/v4/projects/acme%2Fcheckout/repository/commits/${SHA}/statuses?name=conductor%2Fteam-a%2Fcheckout.production`,
    );
  });
  test("any other refusal stays one", async () => {
    for (const body of [list("success", "running"), "[]", "<html>"])
      assert.equal((await told("GitLab", message(), [{ status: 400 }, { status: 200, body }])).result.kind, "Refused");
    assert.equal((await told("GitHub", message(), [{ status: 400 }])).result.kind, "Refused");
  });
});

suite("an answer says what is next, and nothing that the server said", () => {
  const answers: readonly (readonly [Reply, string])[] = [
    [{ status: 200 }, "Sent"],
    [{ status: 401 }, "Refused"],
    [{ status: 403 }, "Refused"],
    [{ status: 403, retryAfter: 60_000 }, "NotNow"],
    [{ status: 404 }, "Refused"],
    [{ status: 408 }, "Unknown"],
    [{ status: 422 }, "Refused"],
    [{ status: 429, retryAfter: 1000 }, "NotNow"],
    [{ status: 500 }, "Unknown"],
    [{ status: 502 }, "Unknown"],
    [{ status: 503 }, "NotNow"],
    [{ status: 302 }, "Refused"],
    [new Unanswered("no connection", { unsent: true }), "NotNow"],
    [new Unanswered("no answer within 10 s", { unsent: false }), "Unknown"],
  ];
  for (const [reply, kind] of answers)
    test(`${reply instanceof Unanswered ? reply.message : `${reply.status}${reply.retryAfter === undefined ? "" : " with a time"}`} is ${kind}`, async () => {
      const { result } = await told("GitHub", COMMENTED, [reply instanceof Unanswered ? reply : { ...reply, body: "cAnArY" }, {}]);
      assert.equal(result.kind, kind);
      assert.doesNotMatch(JSON.stringify(result), /cAnArY|t0ken|api\.github/);
    });
});

test("a click on the status leads to the release, where the conductor knows where that is", async () => {
  const url = "https://releases.example/team-a/checkout.production";
  for (const type of ["GitHub", "GitLab"] as const) {
    const { requests } = await told(type, message({ url }), [{}]);
    const body = JSON.parse(requests[0]?.body ?? "") as { target_url?: string };
    assert.equal(body.target_url, url, type);
  }
});
