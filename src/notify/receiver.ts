import { z } from "zod";
import { RECEIVER_TYPES, type ReceiverType } from "#api/notifications.ts";
import { Refused } from "#fleet/refused.ts";
import { namespacesOf } from "#fleet/registration.ts";
import { Sealed } from "#fleet/sealed.ts";

/** The Secrets that are receivers. */
export const RECEIVERS = "conductor.dev/secret-type=receiver";

/** Which repositories a receiver of type GitHub or GitLab is for; a list, in which one may end with a star. */
const REPOSITORIES = "conductor.dev/allowed-repositories";

interface Common {
  /** The Secret's name. */
  readonly name: string;
  readonly allowedNamespaces: "*" | readonly string[];
}

/** Slack's URL is a secret of its own: who knows it may write. */
export interface SlackReceiver extends Common {
  readonly type: "Slack";
  readonly url: Sealed<URL>;
}

export interface WebhookReceiver extends Common {
  readonly type: "Webhook";
  readonly url: Sealed<URL>;
  readonly signingKey: Sealed<Buffer>;
}

/** `url` is the base of the API. */
export interface CommitReceiver extends Common {
  readonly type: "GitHub" | "GitLab";
  readonly url: Sealed<URL>;
  readonly token: Sealed<string>;
  readonly allowedRepositories: "*" | readonly string[];
}

export interface RefusedReceiver {
  readonly type: "Refused";
  readonly name: string;
  /** A sentence with the remedy. It quotes nothing out of the Secret's data. */
  readonly refusal: string;
}

export type UsableReceiver = SlackReceiver | WebhookReceiver | CommitReceiver;
export type Receiver = UsableReceiver | RefusedReceiver;

const secretSchema = z.object({
  metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  data: z.record(z.string(), z.string()).default({}),
});
type Secret = z.infer<typeof secretSchema>;

/** The APIs that everybody has. */
const PUBLIC = { GitHub: "https://api.github.com", GitLab: "https://gitlab.com/api/v4" } as const;
/** A key shorter than this, in bytes, can be guessed. */
const SHORTEST_KEY = 16;

/** Reads a receiver out of a Secret as the API server sends it. It never throws. */
export function parseReceiver(raw: unknown): Receiver {
  const parsed = secretSchema.safeParse(raw);
  if (!parsed.success) return { type: "Refused", name: "", refusal: "this is not a Secret" };
  const { name } = parsed.data.metadata;
  try {
    return usable(parsed.data);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { type: "Refused", name, refusal: `Secret ${name}: ${error.message}` };
  }
}

function usable(secret: Secret): UsableReceiver {
  const { name, annotations } = secret.metadata;
  const type = typeOf(secret);
  const common = { name, allowedNamespaces: namespacesOf(annotations) };
  switch (type) {
    case "Slack":
      return { ...common, type, url: urlOf(secret) };
    case "Webhook":
      return { ...common, type, url: urlOf(secret), signingKey: new Sealed(signingKey(secret)) };
    case "GitHub":
    case "GitLab":
      return {
        ...common,
        type,
        url: urlOf(secret, PUBLIC[type]),
        token: new Sealed(tokenOf(secret)),
        allowedRepositories: repositories(annotations[REPOSITORIES]),
      };
  }
}

function typeOf(secret: Secret): ReceiverType {
  const given = datum(secret, "type");
  const type = RECEIVER_TYPES.find((one) => one === given);
  if (type === undefined) throw new Refused(`its key type must be one of ${RECEIVER_TYPES.join(", ")}`);
  return type;
}

/** Plain http shows everybody what is sent, the token included: only within one machine, as to a proxy beside the conductor. */
function urlOf(secret: Secret, otherwise?: string): Sealed<URL> {
  const text = datum(secret, "url") ?? otherwise;
  if (text === undefined) throw new Refused("its key url is missing");
  const url = URL.parse(text);
  if (url === null) throw new Refused("its key url is not a URL");
  if (url.username !== "" || url.password !== "") throw new Refused("its key url must hold no user and password");
  const isLocal = url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d+){3}$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw new Refused("its key url must begin with https:// (http:// is for 127.0.0.1, ::1 and localhost only)");
  return new Sealed(url);
}

/** What goes into a header has to be one word. */
function tokenOf(secret: Secret): string {
  const token = datum(secret, "token");
  if (token === undefined) throw new Refused("its key token is missing");
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Refused("its key token must be one word of ASCII");
  return token;
}

/** As https://www.standardwebhooks.com writes a key, base64 after whsec_; any other text is taken as it is. */
function signingKey(secret: Secret): Buffer {
  const text = datum(secret, "signingKey");
  if (text === undefined) throw new Refused("its key signingKey is missing");
  const [, coded] = /^whsec_(.*)$/.exec(text) ?? [];
  const key = coded === undefined ? Buffer.from(text, "utf8") : Buffer.from(coded, "base64");
  if (key.length < SHORTEST_KEY)
    throw new Refused(`its key signingKey must hold at least ${SHORTEST_KEY} bytes, better 32: openssl rand -base64 32`);
  return key;
}

function repositories(list: string | undefined): "*" | readonly string[] {
  if (list === undefined) return "*";
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.every((name) => /^[\w./-]+\*?$/.test(name))) return names;
  throw new Refused(`${REPOSITORIES} must be names such as acme/checkout or acme/* with commas between`);
}

/** Whether a receiver is for this repository. */
export function serves({ allowedRepositories }: CommitReceiver, repository: string): boolean {
  if (allowedRepositories === "*") return true;
  return allowedRepositories.some((one) => (one.endsWith("*") ? repository.startsWith(one.slice(0, -1)) : repository === one));
}

/** Whoever writes a Secret with a shell ends the line. */
function datum({ data }: Secret, key: string): string | undefined {
  const text = Buffer.from(data[key] ?? "", "base64")
    .toString("utf8")
    .trim();
  return text === "" ? undefined : text;
}
