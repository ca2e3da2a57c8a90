import type { Connected } from "#fleet/fleet.ts";
import type { Clock, Fence, Log, Random, Transport } from "#kube/ports.ts";
import type { Post } from "#notify/post.ts";
import type { Counters, Settings } from "./parts.ts";

/** What a conductor is given. */
export interface ConductorParts {
  /** The management cluster. */
  readonly home: Transport;
  /** Opens a connection to a registered cluster. */
  readonly connect: (registration: Connected) => Transport;
  /** How receivers of messages are reached. */
  readonly post: Post;
  /** The namespace that holds the registrations, and the receivers. */
  readonly namespace: string;
  /** This process, as Events name it. */
  readonly identity: string;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly count: Counters;
  readonly settings: Settings;
}
