import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRegistration } from "#fleet/registration.ts";
import { expiryOf, writtenAt } from "#fleet/validity.ts";
import { argoSecret, canary, keyData, kubeconfig, kubeconfigSecret } from "./secrets.ts";

const at = (moment: string): number => Date.parse(moment);

/** A certificate that ends at 2036-11-22T08:59:07Z; nobody has its key. */
const PEM = `-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUTA84nqE9TL/D+qD557lhFYwauqAwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRcmVsZWFzZS1jb25kdWN0b3IwHhcNMjYxMTI1MDg1OTA3WhcN
MzYxMTIyMDg1OTA3WjAcMRowGAYDVQQDDBFyZWxlYXNlLWNvbmR1Y3RvcjBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABLjCq3fpgZ5BlzeLDposciRp4X2+6rovfpxJ
PngvouI+xc2s666fX/fEN4dSK6cTLTBOHDRNRRcOxpBFSn1SVXKjUzBRMB0GA1Ud
DgQWBBS9PDJ0ZeWZ1ahYSdM7CCwGyndrgzAfBgNVHSMEGDAWgBS9PDJ0ZeWZ1ahY
SdM7CCwGyndrgzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICXt
prlWWfgs6JwVo3H6t1nX2vE2vAorH9b0HjP62fxTAiBmFDveRYhOL3NW6I0qQ3zm
9raZUy9jkxwwFilqdK9Vew==
-----END CERTIFICATE-----
`;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A token as API servers issue them; the signature is nobody's. */
function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(claims)}.${Buffer.from(canary).toString("base64url")}`;
}

function ends(token: string | undefined, cert?: string): string | undefined {
  const end = expiryOf({ token, certificate: cert === undefined ? undefined : { cert, key: keyData } });
  return end === undefined ? undefined : new Date(end).toISOString();
}

test("a token ends when its claim exp says so, a certificate when it says so, and both with the first of them", () => {
  const token = jwt({ exp: at("2027-01-02T03:04:05Z") / 1000 });
  assert.equal(ends(token), "2027-01-02T03:04:05.000Z");
  assert.equal(ends(undefined, base64(PEM)), "2036-11-22T08:59:07.000Z");
  assert.equal(ends(undefined, base64(PEM + PEM)), "2036-11-22T08:59:07.000Z");
  assert.equal(ends(token, base64(PEM)), "2027-01-02T03:04:05.000Z");
  assert.equal(ends(jwt({ exp: at("2040-01-01T00:00:00Z") / 1000 }), base64(PEM)), "2036-11-22T08:59:07.000Z");
});

const silent: readonly (readonly [what: string, token: string | undefined, cert?: string])[] = [
  ["there is none", undefined],
  ["the token is no JWT", canary],
  ["the token is of three parts that are no JSON", "a.b.c"],
  ["the token has no exp, as those of a Secret have", jwt({ iss: "kubernetes/serviceaccount" })],
  ["exp is no number", jwt({ exp: "2027-01-01" })],
  ["exp is out of all calendars", jwt({ exp: 1e18 })],
  ["the token is encrypted, in five parts", `${jwt({ exp: 1_800_000_000 })}.x.y`],
  ["the certificate is none", undefined, base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")],
];
for (const [what, token, cert] of silent)
  test(`the end of a credential is not known where ${what}`, () => assert.equal(ends(token, cert), undefined));

test("whatever a token is, its end is a moment that Kubernetes can write, or not known", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => `a.${Buffer.from(text).toString("base64url")}.c`),
      ),
      (token) => {
        const end = ends(token);
        assert.ok(end === undefined || /^\d{4}-/.test(end));
      },
    ),
  );
});

const writer = (time: string | undefined, ...fields: readonly string[]) => ({
  ...(time === undefined ? {} : { time }),
  fieldsV1: Object.fromEntries(fields.map((field) => [field, {}])),
});

const writings: readonly (readonly [what: string, metadata: Parameters<typeof writtenAt>[0], since: string | undefined])[] = [
  [
    "the last who wrote data",
    {
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [writer("2026-02-01T00:00:00Z", "f:data"), writer("2026-03-01T00:00:00Z", "f:stringData", "f:metadata")],
    },
    "2026-03-01T00:00:00.000Z",
  ],
  [
    "not who wrote labels alone",
    {
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [writer("2026-02-01T00:00:00Z", "f:data"), writer("2026-03-01T00:00:00Z", "f:metadata")],
    },
    "2026-02-01T00:00:00.000Z",
  ],
  [
    "its creation, where nobody is named who wrote data",
    {
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [writer("2026-03-01T00:00:00Z", "f:metadata"), writer(undefined, "f:data")],
    },
    "2026-01-01T00:00:00.000Z",
  ],
  ["nothing, where nothing is said", {}, undefined],
];
for (const [what, metadata, since] of writings)
  test(`since when a credential is what it is tells ${what}`, () => {
    const found = writtenAt(metadata);
    assert.equal(found === undefined ? undefined : new Date(found).toISOString(), since);
  });

test("a registration tells how old its credential is and when it ends, whatever its format; metadata that cannot be read is no refusal", () => {
  const token = jwt({ exp: at("2027-01-02T03:04:05Z") / 1000 });
  const secret = kubeconfigSecret("eu", kubeconfig({ token }));
  const metadata = {
    ...secret.metadata,
    creationTimestamp: "2026-01-01T00:00:00Z",
    managedFields: [writer("2026-02-01T00:00:00Z", "f:data")],
  };
  const read = parseRegistration({ ...secret, metadata });
  assert.deepEqual(read.type === "connected" ? read.validity : read, {
    since: at("2026-02-01T00:00:00Z"),
    expiresAt: at("2027-01-02T03:04:05Z"),
  });
  const odd = argoSecret("us");
  const known = parseRegistration({ ...odd, metadata: { ...odd.metadata, creationTimestamp: 7, managedFields: "none" } });
  assert.deepEqual(known.type === "connected" ? known.validity : known, { since: undefined, expiresAt: undefined });
});
