import { open } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const objectRef = z.object({
  apiGroup: z.string().optional(),
  resource: z.string().optional(),
  subresource: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
});

type ObjectRef = Readonly<z.infer<typeof objectRef>>;

const schema = z.object({
  auditID: z.string(),
  stage: z.string(),
  requestURI: z.string(),
  verb: z.string(),
  // Whoever was refused has no name.
  user: z.object({ username: z.string().default("") }),
  userAgent: z.string().optional(),
  objectRef: objectRef.optional(),
  responseStatus: z.object({ code: z.number().optional() }).optional(),
  requestObject: z.unknown().optional(),
  stageTimestamp: z.string(),
});

/** One request as the API server saw it. `stage` is ResponseComplete, or ResponseStarted for a watch that is still open. */
export interface AuditEvent {
  readonly user: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly stage: string;
  readonly responseStatus: { readonly code?: number | undefined };
  readonly objectRef: ObjectRef;
  readonly userAgent: string | undefined;
  /** What was sent, for patches of Applications by the users under test. */
  readonly body: unknown;
  readonly timestamp: string;
}

export interface AuditFilter {
  readonly user?: string;
  readonly verbs?: readonly string[];
  readonly resource?: string;
}

/** Whether a request only asked, though its verb is create: the API server answers reviews and stores none. */
export function isQuestion({ objectRef }: AuditEvent): boolean {
  return objectRef.resource === "selfsubjectaccessreviews";
}

/** Everything but noise, such as what controllers read, and of the users under test everything; what they send only where it can hold no secret. */
export function auditPolicy(users: readonly string[], controllers: readonly string[]): object {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [
      { level: "Request", users, verbs: ["patch"], resources: [{ group: "argoproj.io", resources: ["applications"] }] },
      { level: "Metadata", users },
      { level: "None", users: ["system:apiserver"] },
      {
        level: "None",
        nonResourceURLs: ["/readyz*", "/livez*", "/healthz*", "/openapi*", "/api", "/apis", "/api/*", "/apis/*"],
      },
      {
        level: "None",
        resources: [
          { group: "coordination.k8s.io", resources: ["leases"] },
          { group: "", resources: ["events"] },
        ],
      },
      { level: "None", users: controllers, verbs: ["get", "list", "watch"] },
      { level: "Metadata" },
    ],
  };
}

const markPrefix = "release-conductor-audit-mark-";

/** Reads the audit log as it grows. */
export class AuditLog {
  readonly #file: string;
  readonly #events = new Map<string, AuditEvent>();
  #offset = 0;
  #rest = "";
  /** Two readers at once would take each other's bytes. */
  #reading: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** What happened before this call: `mark` makes a request whose URI holds the text given, and we read until it shows up. */
  async read(filter: AuditFilter, mark: (text: string) => Promise<void>): Promise<readonly AuditEvent[]> {
    const text = `${markPrefix}${randomUUID()}`;
    await mark(text);
    const deadline = Date.now() + 10_000;
    while (![...this.#events.values()].some((event) => event.requestURI.includes(text))) {
      if (Date.now() > deadline) throw new Error(`The audit log ${this.#file} did not grow: is its API server running?`);
      this.#reading = this.#reading.then(() => this.#more());
      await this.#reading;
      await sleep(5);
    }
    return [...this.#events.values()].filter(
      (event) =>
        !event.requestURI.includes(markPrefix) &&
        (filter.user === undefined || event.user === filter.user) &&
        (filter.verbs === undefined || filter.verbs.includes(event.verb)) &&
        (filter.resource === undefined || event.objectRef.resource === filter.resource),
    );
  }

  async #more(): Promise<void> {
    const file = await open(this.#file, "r");
    try {
      const { size } = await file.stat();
      if (size <= this.#offset) return;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - this.#offset), 0, size - this.#offset, this.#offset);
      // A character may be cut in two at the end: latin1 keeps bytes apart until the line is whole.
      const lines = (this.#rest + buffer.subarray(0, bytesRead).toString("latin1")).split("\n");
      this.#offset += bytesRead;
      this.#rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") this.#add(Buffer.from(line, "latin1").toString("utf8"));
    } finally {
      await file.close();
    }
  }

  #add(line: string): void {
    const event = schema.parse(JSON.parse(line));
    this.#events.set(event.auditID, {
      user: event.user.username,
      verb: event.verb,
      requestURI: event.requestURI,
      stage: event.stage,
      responseStatus: event.responseStatus ?? {},
      objectRef: event.objectRef ?? {},
      userAgent: event.userAgent,
      body: event.requestObject,
      timestamp: event.stageTimestamp,
    });
  }
}
