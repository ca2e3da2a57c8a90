import { KubeFailure } from "./errors.ts";
import type { Fence, Transport } from "./ports.ts";
import { isQuestion } from "./reviews.ts";

/**
 * Refuses every write while `fence` is closed. It belongs directly above the connection: whoever waited in a queue
 * above it is asked at the moment of sending.
 */
export function fenced(transport: Transport, fence: Fence): Transport {
  return {
    ...forwarded(transport),
    request: async (request, signal) => {
      if (request.method !== "GET" && !isQuestion(request) && !fence.open()) {
        throw new KubeFailure("Fenced", `${request.method} ${request.path} was not sent: this process may not write now`);
      }
      return transport.request(request, signal);
    },
  };
}

/** The transport's own calls, for a decorator to replace one of them. */
function forwarded(transport: Transport): Transport {
  return {
    request: (request, signal) => transport.request(request, signal),
    watch: (request, signal) => transport.watch(request, signal),
    close: async () => transport.close?.(),
  };
}
