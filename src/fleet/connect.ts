import { KubeConfig } from "@kubernetes/client-node";
import { HttpTransport } from "#kube/http.ts";
import type { Clock, Transport } from "#kube/ports.ts";
import type { Connected } from "./registration.ts";

/** Connections to registered API servers over HTTP, for startFleet. */
export function connectOverHttp(clock: Clock): (registration: Connected) => Transport {
  return ({ name, credential }) => {
    const { server, serverName, insecure, ca, proxyUrl, token, basic, certificate } = credential.open();
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name,
        server,
        skipTLSVerify: insecure,
        ...(serverName === undefined ? {} : { tlsServerName: serverName }),
        ...(ca === undefined ? {} : { caData: ca }),
        ...(proxyUrl === undefined ? {} : { proxyUrl }),
      },
      {
        name,
        ...(token === undefined ? {} : { token }),
        ...(basic === undefined ? {} : basic),
        ...(certificate === undefined ? {} : { certData: certificate.cert, keyData: certificate.key }),
      },
    );
    return new HttpTransport(config, clock);
  };
}
