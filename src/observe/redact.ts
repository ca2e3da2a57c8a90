/** Keys whose values are never shown, whatever their case, depth, and the marks between their words. */
const SECRET_KEY =
  /(authorization|token|password|passwd|secret|apikey|signingkey|privatekey|cadata|authoritydata|certdata|certificatedata|keydata|kubeconfig|cookie|credentials?)$|^(data|stringdata)$/;

/** The same as part of a text: a header, JSON, YAML, a query. */
const SECRET_WORD =
  /\b([\w.-]*(?:authorization|token|password|passwd|secret|api-?key|signing-?key|private-?key|(?:key|ca|authority|cert|certificate)-?data|cookie)"?\s*[:=]\s*"?)(?:(?:bearer|basic)\s+)?[^\s"',;&}{]{6,}/gi;

/** Secrets that travel inside text: bearer tokens, JSON Web Tokens, PEM blocks, users and passwords in URLs, and Slack's webhooks, whose URL is their secret. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g, "[redacted]"],
  [SECRET_WORD, "$1[redacted]"],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [redacted]"],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, "[redacted]"],
  [/(\/\/)[^/\s@]+@/g, "$1[redacted]@"],
  [/(\bhooks\.slack\.com\/)[^\s"']+/gi, "$1[redacted]"],
];

const DEEPEST = 6;

/** A copy of `value` that may be logged: pino's own redaction is case-sensitive and one level deep. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return SECRET_TEXT.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), value);
  if (value === null || typeof value !== "object") return value;
  if (depth >= DEEPEST) return "[…]";
  if (ArrayBuffer.isView(value)) return "[bytes]";
  if (value instanceof Error) return redact(errorFields(value), depth);
  if (Array.isArray(value)) return value.map((one) => redact(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, isSecret(key) ? "[redacted]" : redact(one, depth + 1)]));
}

function isSecret(key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replaceAll(/[-_.\s]/g, ""));
}

/** What is told of an error: never its own fields, which may hold a request. */
function errorFields(error: Error): Record<string, unknown> {
  const kind = "kind" in error && typeof error.kind === "string" ? { kind: error.kind } : { stack: error.stack };
  return { name: error.name, message: error.message, ...kind };
}
