import { z } from "zod";
import { checkCredential, type Credential, type RawCredential } from "./credential.ts";
import { given, Refused } from "./refused.ts";

/** https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters; unknown fields are Argo CD's affair. */
const schema = z.object({
  bearerToken: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  proxyUrl: z.string().nullish(),
  awsAuthConfig: z.unknown().optional(),
  execProviderConfig: z.unknown().optional(),
  tlsClientConfig: z
    .object({
      insecure: z.boolean().nullish(),
      serverName: z.string().nullish(),
      caData: z.string().nullish(),
      certData: z.string().nullish(),
      keyData: z.string().nullish(),
    })
    .nullish(),
});

const fields = {
  server: "data.server",
  serverName: "config.tlsClientConfig.serverName",
  ca: "config.tlsClientConfig.caData",
  proxyUrl: "config.proxyUrl",
  token: "config.bearerToken",
  username: "config.username",
  cert: "config.tlsClientConfig.certData",
  key: "config.tlsClientConfig.keyData",
};

export const noPlugins = "exec credential plugins are not run by the conductor yet: give a bearerToken or a client certificate";

/** The credential in Argo CD's cluster Secret: `server` and `config` are its decoded data. Throws Refused. */
export function argoCredential(server: string, config: string): Credential {
  const parsed = schema.safeParse(json(config));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new Refused(`data.config is not what Argo CD documents${where === "" ? "" : `: config.${where} has another type`}`);
  }
  const { tlsClientConfig: tls, awsAuthConfig, execProviderConfig, ...rest } = parsed.data;
  if (given(awsAuthConfig) || given(execProviderConfig)) throw new Refused(noPlugins);
  const raw: RawCredential = {
    server,
    serverName: tls?.serverName,
    insecure: tls?.insecure,
    ca: tls?.caData,
    proxyUrl: rest.proxyUrl,
    token: rest.bearerToken,
    username: rest.username,
    password: rest.password,
    cert: tls?.certData,
    key: tls?.keyData,
  };
  return checkCredential(raw, fields);
}

/** JSON.parse quotes what it cannot read: its message is not passed on. */
function json(config: string): unknown {
  try {
    return JSON.parse(config);
  } catch {
    throw new Refused("data.config is not JSON");
  }
}
