import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./command.ts";

export interface KubectlSpec {
  readonly binary: string;
  readonly kubeconfig: string;
  /** For its discovery cache: nothing goes into the developer's ~/.kube. */
  readonly cache: string;
}

export async function kubectl(spec: KubectlSpec, args: readonly string[], input?: string): Promise<string> {
  return run(spec.binary, args, { KUBECONFIG: spec.kubeconfig, KUBECACHEDIR: spec.cache, HOME: spec.cache }, input);
}

/** What a server says while it does not yet serve a kind whose definition was only just applied. */
const notYet = /no matches for kind|ensure CRDs are installed first|could not find the requested resource|namespaces ".*" not found/;

/** Server-side apply that waits for CRDs applied a moment ago (by the same text, too). */
export async function apply(spec: KubectlSpec, manifests: string | readonly object[]): Promise<void> {
  const text = typeof manifests === "string" ? manifests : JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests });
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await kubectl(spec, ["apply", "--server-side", "--force-conflicts", "-f", "-"], text);
      return;
    } catch (error) {
      if (!(error instanceof Error && notYet.test(error.message)) || Date.now() > deadline) throw error;
      await sleep(250);
    }
  }
}
