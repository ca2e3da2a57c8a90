import type { KubeObject, KubeRequest } from "#kube/ports.ts";
import type { ApiServer } from "#simulation/apiserver.ts";

/** A request for one object, as it reaches an API server. */
export interface Asked {
  readonly server: string;
  readonly who: string;
  readonly request: KubeRequest;
  /** The object as it is then. */
  readonly found: KubeObject | undefined;
}

/** Calls `listener` with every request before it is answered: only a request says what its write is guarded with. */
export function overhear(server: ApiServer, listener: (asked: Asked) => void): void {
  const handle = server.handle.bind(server);
  server.handle = (request, who, version) => {
    listener({ server: server.name, who, request, found: server.find(request.path) });
    return handle(request, who, version);
  };
}
