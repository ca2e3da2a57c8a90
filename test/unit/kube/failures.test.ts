import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeFailure } from "#kube/errors.ts";
import { networkFailure, retryAfter, statusFailure } from "#kube/failures.ts";

function status(reason: string, message: string): object {
  return { kind: "Status", status: "Failure", reason, message };
}

const get = { method: "GET" } as const;
const post = { method: "POST" } as const;
const jsonPatch = { method: "PATCH", contentType: "application/json-patch+json" } as const;

const answers = [
  [401, status("Unauthorized", "Unauthorized"), get, "Unauthorized"],
  [403, status("Forbidden", 'applications.argoproj.io is forbidden: User "x" cannot list'), get, "Forbidden"],
  [404, status("NotFound", "not found"), get, "NotFound"],
  [409, status("Conflict", "the object has been modified"), jsonPatch, "Conflict"],
  [409, status("Conflict", "the namespace is being deleted"), post, "Conflict"],
  [409, status("AlreadyExists", "exists"), post, "AlreadyExists"],
  [410, status("Expired", "too old resource version"), get, "Expired"],
  [412, status("", "precondition"), get, "Conflict"],
  [422, status("Invalid", "spec.x: Required"), post, "Invalid"],
  [422, status("Invalid", "the server rejected our request due to an error in our request"), jsonPatch, "Conflict"],
  [422, status("Invalid", "the server rejected our request due to an error in our request"), post, "Invalid"],
  [422, status("Invalid", 'ConfigMap "a" is invalid: data[b!]: Invalid value'), jsonPatch, "Invalid"],
  [429, status("TooManyRequests", "wait"), get, "TooManyRequests"],
  [500, "not a Status", get, "ServerError"],
  [503, undefined, get, "ServerError"],
  [504, status("Timeout", "Too large resource version: 7, current: 3"), get, "Expired"],
  [302, undefined, get, "Invalid"],
  [400, undefined, get, "Invalid"],
] as const;

for (const [code, body, request, kind] of answers) {
  test(`${code} to ${request.method} (${JSON.stringify(body)}) is ${kind}`, () => {
    const failure = statusFailure(code, body, request);
    assert.deepEqual([failure.kind, failure.status], [kind, code]);
  });
}

test("the message is the server's, in one line and at most 1024 characters", () => {
  const failure = statusFailure(403, status("Forbidden", `first\nsecond\u001b[31m ${"x".repeat(3000)}`), get);
  assert.match(failure.message, /^the API server answered 403: first second \[31m xxx/);
  assert.equal(failure.message.length, 1024);
});

test("what is not a Status is not quoted", () => {
  assert.equal(statusFailure(502, { message: "canary" }, get).message, "the API server answered 502: no reason given");
});

test("Retry-After is read as seconds and as a date", () => {
  const now = Date.UTC(2026, 0, 1);
  const waits = ["7", " 7 ", "Thu, 01 Jan 2026 00:00:09 GMT", "Thu, 01 Jan 2020 00:00:00 GMT", "soon", "", undefined];
  assert.deepEqual(
    waits.map((header) => retryAfter(header, now)),
    [7000, 7000, 9000, 0, undefined, undefined, undefined],
  );
});

function coded(code: string): Error {
  return Object.assign(new Error("canary"), { code });
}

const networks = [
  [coded("ECONNREFUSED"), "Unreachable", "connection refused by h:1"],
  [new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]), "Unreachable", "connection refused by h:1"],
  [new TypeError("fetch failed", { cause: coded("ENOTFOUND") }), "Unreachable", "the name cannot be resolved: h:1"],
  [coded("UND_ERR_CONNECT_TIMEOUT"), "Unreachable", "connecting took too long to h:1"],
  [coded("ECONNRESET"), "Unreachable", "connection reset by h:1"],
  [coded("EWHATEVER"), "Unreachable", "no answer from h:1 (EWHATEVER)"],
  [new Error("canary"), "Unreachable", "no answer from h:1 (unknown)"],
  [new Error("Proxy response (407) !== 200 when HTTP Tunneling"), "Unreachable", "the proxy answered 407 when asked to connect to h:1"],
  [coded("CERT_HAS_EXPIRED"), "Untrusted", "the server's certificate has expired (h:1, CERT_HAS_EXPIRED)"],
  [
    coded("SELF_SIGNED_CERT_IN_CHAIN"),
    "Untrusted",
    "the server's certificate is not signed by the given CA (h:1, SELF_SIGNED_CERT_IN_CHAIN)",
  ],
  [
    coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    "Untrusted",
    "the TLS connection to h:1 was refused (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
  ],
] as const;

for (const [error, kind, message] of networks) {
  test(`${message}: ${kind}`, () => {
    const failure = networkFailure(error, "h:1");
    assert.deepEqual([failure.kind, failure.message], [kind, message]);
    assert.ok(failure instanceof KubeFailure);
  });
}
