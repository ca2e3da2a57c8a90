import { Refused } from "./refused.ts";

/** How to reach an API server, and as whom. PEM is base64 of PEM, as both Secret formats have it. */
export interface Credential {
  readonly server: string;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
  readonly ca: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly token: string | undefined;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

/** The same, as a Secret has it. */
export interface RawCredential {
  readonly server: string;
  readonly serverName?: string | null | undefined;
  readonly insecure?: boolean | null | undefined;
  readonly ca?: string | null | undefined;
  readonly proxyUrl?: string | null | undefined;
  readonly token?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly cert?: string | null | undefined;
  readonly key?: string | null | undefined;
}

/** What the fields are called where they were read: refusals name the field that its author knows. */
export interface FieldNames {
  readonly server: string;
  readonly serverName: string;
  readonly ca: string;
  readonly proxyUrl: string;
  readonly token: string;
  readonly username: string;
  readonly cert: string;
  readonly key: string;
}

/** Checks what can be checked without asking the server. Throws Refused. */
export function checkCredential(raw: RawCredential, fields: FieldNames): Credential {
  const token = checkToken(raw.token?.trim(), fields.token);
  const basic = checkBasic(raw.username, raw.password, fields.username);
  const certificate = checkCertificate(raw, fields);
  if (token === undefined && basic === undefined && certificate === undefined) {
    throw new Refused(`there is no credential in it: give ${fields.token}, or ${fields.cert} with ${fields.key}`);
  }
  return {
    server: checkServer(raw.server, fields.server),
    serverName: checkServerName(raw.serverName, fields.serverName),
    insecure: raw.insecure ?? false,
    ca: raw.insecure ? undefined : checkPem(raw.ca, "CERTIFICATE", fields.ca),
    proxyUrl: checkProxy(raw.proxyUrl, fields.proxyUrl),
    token,
    basic,
    certificate,
  };
}

/** An https URL without anything secret in it; without the slash at its end, as Argo CD compares it. */
export function checkServer(server: string, field: string): string {
  const url = URL.parse(server.trim());
  if (url === null || url.protocol !== "https:") throw new Refused(`${field} must be a URL that starts with https://`);
  if (url.username !== "" || url.password !== "") throw new Refused(`${field} must not contain a user or password`);
  if (url.search !== "" || url.hash !== "") throw new Refused(`${field} must end with the host, the port or a path`);
  return url.href.replace(/\/+$/, "");
}

function checkServerName(name: string | null | undefined, field: string): string | undefined {
  if (!name) return undefined;
  if (!/^[A-Za-z0-9._:-]+$/.test(name)) throw new Refused(`${field} must be a host name`);
  return name;
}

function checkProxy(url: string | null | undefined, field: string): string | undefined {
  if (!url) return undefined;
  const protocol = URL.parse(url)?.protocol;
  if (protocol === "http:" || protocol === "https:" || protocol === "socks5:" || protocol === "socks5h:") return url;
  throw new Refused(`${field} must start with http://, https:// or socks5://`);
}

function checkToken(token: string | undefined, field: string): string | undefined {
  if (!token) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Refused(`${field} holds characters that no token has: write it in one line, as it is`);
  return token;
}

function checkBasic(username: string | null | undefined, password: string | null | undefined, field: string): Credential["basic"] {
  if (!username) return undefined;
  if (/[:\p{Cc}]/u.test(username) || /\p{Cc}/u.test(password ?? "")) {
    throw new Refused(`${field} and its password must not contain control characters, nor ${field} a colon`);
  }
  return { username, password: password ?? "" };
}

function checkCertificate(raw: RawCredential, fields: FieldNames): Credential["certificate"] {
  const cert = checkPem(raw.cert, "CERTIFICATE", fields.cert);
  const key = checkPem(raw.key, "PRIVATE KEY", fields.key);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new Refused(`${fields.cert} and ${fields.key} belong together: give both`);
  return { cert, key };
}

function checkPem(data: string | null | undefined, label: string, field: string): string | undefined {
  if (!data) return undefined;
  const pem = Buffer.from(data, "base64").toString("latin1");
  const found = pem.includes("-----BEGIN ") && pem.includes(`${label}-----`);
  if (!found) throw new Refused(`${field} must be base64 of a PEM ${label.toLowerCase()}`);
  return data;
}
