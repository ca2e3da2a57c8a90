import type { Message } from "#notify/message.ts";

/** A message of a release that Succeeded; a test names what it is about. */
export function message({
  values,
  ...more
}: Partial<Omit<Message, "values">> & { readonly values?: Partial<Message["values"]> } = {}): Message {
  return {
    id: "msg_1",
    phase: "Finished",
    outcome: "Succeeded",
    at: "2026-11-25T09:00:00Z",
    repository: "acme/checkout",
    comment: false,
    url: undefined,
    templates: undefined,
    ...more,
    values: {
      service: "checkout",
      environment: "production",
      namespace: "team-a",
      revision: "a".repeat(40),
      commit: "a".repeat(40),
      run: "checkout.production-1",
      kind: "Forward",
      phase: more.phase ?? "Finished",
      outcome: "Succeeded",
      message: "every target is verified",
      ready: "2",
      total: "3",
      approval: "",
      ...values,
    },
  };
}

/** A Secret as the API server sends it. */
export function secret(
  data: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = { "conductor.dev/allowed-namespaces": "team-a" },
) {
  const coded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return { metadata: { name: "receiver", annotations }, data: Object.fromEntries(coded) as Record<string, string> };
}
