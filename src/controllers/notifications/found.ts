import type { Notification, ReceiverProblem } from "#api/notifications.ts";
import { allows } from "#engine/consent.ts";
import type { Receiver, UsableReceiver } from "#notify/receiver.ts";

/** The receiver that an Environment names, or why it is told nothing. */
export type Found =
  | { readonly kind: "Usable"; readonly receiver: UsableReceiver }
  | { readonly kind: "Problem"; readonly problem: ReceiverProblem; readonly message: string };

/** Whether an Environment of `namespace` may be heard by the receiver it names, and says all that it needs. */
export function found({ receiver: name, repository, comment }: Notification, namespace: string, receiver: Receiver | undefined): Found {
  if (receiver === undefined)
    return problem("NotFound", `the conductor's namespace holds no Secret ${name} with the label conductor.dev/secret-type: receiver`);
  if (receiver.type === "Refused") return problem("Malformed", receiver.refusal);
  if (!allows(receiver.allowedNamespaces, namespace))
    return problem(
      "NotAllowed",
      `Secret ${name} does not allow ${namespace}: its owner adds it to the annotation conductor.dev/allowed-namespaces`,
    );
  const isCommit = receiver.type === "GitHub" || receiver.type === "GitLab";
  if (isCommit && repository === undefined)
    return problem("Malformed", `${name} is of type ${receiver.type}: say in notifications[].repository where the commit is`);
  if (!isCommit && (repository !== undefined || comment !== undefined))
    return problem("Malformed", `${name} is of type ${receiver.type}: take out repository and comment, which are for GitHub and GitLab`);
  return { kind: "Usable", receiver };
}

function problem(of: ReceiverProblem, message: string): Found {
  return { kind: "Problem", problem: of, message };
}
