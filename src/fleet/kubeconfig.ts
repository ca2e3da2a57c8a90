import { parse } from "yaml";
import { z } from "zod";
import { noPlugins } from "./argosecret.ts";
import { checkCredential, type Credential } from "./credential.ts";
import { given, Refused } from "./refused.ts";

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const cluster = z.object({
  server: z.string(),
  "tls-server-name": z.string().nullish(),
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "certificate-authority": z.unknown().optional(),
  "certificate-authority-data": z.string().nullish(),
  "proxy-url": z.string().nullish(),
});

const user = z.object({
  token: z.string().nullish(),
  tokenFile: z.unknown().optional(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  "client-certificate": z.unknown().optional(),
  "client-certificate-data": z.string().nullish(),
  "client-key": z.unknown().optional(),
  "client-key-data": z.string().nullish(),
  exec: z.unknown().optional(),
  "auth-provider": z.unknown().optional(),
  as: z.unknown().optional(),
  "as-groups": z.unknown().optional(),
  "as-uid": z.unknown().optional(),
  "as-user-extra": z.unknown().optional(),
});

const schema = z.object({
  "current-context": z.string().nullish(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster })),
  users: z.array(z.object({ name: z.string(), user })),
});

const fields = {
  server: "the cluster's server",
  serverName: "tls-server-name",
  ca: "certificate-authority-data",
  proxyUrl: "proxy-url",
  token: "token",
  username: "username",
  cert: "client-certificate-data",
  key: "client-key-data",
};

/**
 * The credential of one context of a kubeconfig (`context`, else its current-context). Nothing in it is run or opened:
 * plugins and file names, which would be executed and read in our own container, are refused. Throws Refused.
 */
export function kubeconfigCredential(text: string, context: string | undefined): Credential {
  const parsed = schema.safeParse(yaml(text));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new Refused(`the kubeconfig is incomplete${where === "" ? "" : `: ${where} is missing or has another type`}`);
  }
  const config = parsed.data;
  const wanted = context ?? config["current-context"] ?? "";
  const chosen = config.contexts.find(({ name }) => name === wanted)?.context;
  if (chosen === undefined) {
    throw new Refused(
      context === undefined
        ? "the kubeconfig's current-context names none of its contexts: set it, or name one in data.context"
        : "data.context names none of the kubeconfig's contexts",
    );
  }
  const to = config.clusters.find(({ name }) => name === chosen.cluster)?.cluster;
  const as = config.users.find(({ name }) => name === chosen.user)?.user;
  if (to === undefined) throw new Refused("the kubeconfig's context names none of its clusters");
  if (as === undefined) throw new Refused("the kubeconfig's context names none of its users");
  refuseForeignPowers(to, as);
  return checkCredential(
    {
      server: to.server,
      serverName: to["tls-server-name"],
      insecure: to["insecure-skip-tls-verify"],
      ca: to["certificate-authority-data"],
      proxyUrl: to["proxy-url"],
      token: as.token,
      username: as.username,
      password: as.password,
      cert: as["client-certificate-data"],
      key: as["client-key-data"],
    },
    fields,
  );
}

/** A kubeconfig can run commands and read files of whoever loads it (CVE-2022-24817). */
function refuseForeignPowers(to: z.infer<typeof cluster>, as: z.infer<typeof user>): void {
  if (given(as.exec)) throw new Refused(noPlugins);
  if (given(as["auth-provider"])) throw new Refused("auth-provider plugins are not run: give a token or a client certificate");
  if (given(as.tokenFile)) throw new Refused("tokenFile names a file of another machine: put the token itself into token");
  const files = [
    ["certificate-authority", to["certificate-authority"]],
    ["client-certificate", as["client-certificate"]],
    ["client-key", as["client-key"]],
  ] as const;
  for (const [field, value] of files) {
    if (given(value))
      throw new Refused(`${field} names a file of another machine: embed its content as ${field}-data (kubectl config view --flatten)`);
  }
  if ([as.as, as["as-groups"], as["as-uid"], as["as-user-extra"]].some(given)) {
    throw new Refused("impersonation (as, as-groups, as-uid, as-user-extra) is not supported: give the credential of the user itself");
  }
}

/** YAML's errors quote the text around them: their messages are not passed on. */
function yaml(text: string): unknown {
  try {
    return parse(text, { prettyErrors: false, logLevel: "error" });
  } catch {
    throw new Refused("the kubeconfig is not YAML");
  }
}
