import { z } from "zod";
import { conditions } from "./conditions.ts";
import { cel, duration, label, labels, LIMITS, resource, text, timestamp } from "./rules.ts";

/** Of a scope's lists. */
const NAMES = 100;

/** Field of cron: values and ranges of them, or all, each with an optional step, separated by commas. As CronJobs read it. */
const field = (value: string): string => {
  const one = `([*?]|(${value})(-(${value}))?)(/[1-9][0-9]?)?`;
  return `${one}(,${one})*`;
};
const FIVE_FIELDS = [
  "[0-5]?[0-9]",
  "[01]?[0-9]|2[0-3]",
  "0?[1-9]|[12][0-9]|3[01]",
  "0?[1-9]|1[0-2]|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
  "[0-6]|(?i:sun|mon|tue|wed|thu|fri|sat)",
].map(field);

const moment = (what: string) =>
  text(
    25,
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$/,
    `${what} must be a date and a time with its offset from UTC, such as 2026-12-20T18:00:00+01:00 or 2026-12-20T17:00:00Z`,
  );

const names = (what: string, max: number) => z.array(label(what)).min(1).max(max).meta({ "x-kubernetes-list-type": "set" }).optional();

const clusters = z
  .object({
    names: names("clusters.names", LIMITS.waveNames).describe("These clusters."),
    selector: z
      .object({ matchLabels: labels.describe("All of these labels on the cluster's registration.") })
      .optional()
      .describe("The clusters with these labels."),
  })
  .meta(
    cel({
      rule: "has(self.names) != has(self.selector)",
      message: "clusters of a freeze takes exactly one of names and selector; leave clusters out for all",
    }),
  );

const spec = z
  .object({
    reason: text(256, /[^ ]/, "reason must say why, for those who are held up").describe("Why: those who are held up read it."),
    from: moment("from").optional().describe("A freeze that happens once: when it begins."),
    to: moment("to").optional().describe("When it ends: the first moment that is free again."),
    schedule: text(
      256,
      new RegExp(`^${FIVE_FIELDS.join(" +")}$`),
      "schedule must be five cron fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec) and day of week (0-6 or sun-sat; 0 is Sunday), such as 0 18 * * fri",
    )
      .optional()
      .describe(
        "A freeze that recurs: when it begins, as a CronJob's schedule, by the clocks of timeZone. It begins whenever they show such a time: twice, when they are put back over it; when they are put forward over it, at that moment.",
      ),
    duration: duration("duration")
      .optional()
      .describe("How long each lasts, at most 8784h, in time that passes: it does not stretch when clocks change."),
    timeZone: text(
      64,
      /^(UTC|[A-Z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)+)$/,
      "timeZone must be the IANA name of a time zone, such as Europe/Berlin, or UTC",
    )
      .optional()
      .describe("By whose clocks the schedule is read. UTC when absent."),
    environments: names("environments", NAMES).describe("The Environments it holds. All when absent."),
    services: names("services", NAMES).describe("The services it holds. All when absent."),
    clusters: clusters.optional().describe("The clusters it holds. All when absent. What is given of the scope must all apply."),
  })
  .meta(
    cel(
      {
        rule: "has(self.from) != has(self.schedule)",
        message: "a FreezeWindow takes exactly one of from (with to: it happens once) and schedule (with duration: it recurs)",
      },
      { rule: "has(self.from) == has(self.to)", message: "from and to go together" },
      { rule: "has(self.schedule) == has(self.duration)", message: "schedule and duration go together" },
      { rule: "!has(self.timeZone) || has(self.schedule)", message: "timeZone goes with schedule: from and to have their own offsets" },
      {
        // A moment that does not exist, such as 30 February, is an error of timestamp(), which refuses with this sentence too.
        rule: "!has(self.from) || !has(self.to) || timestamp(self.to) > timestamp(self.from)",
        message: "to must be after from, and both must be on a calendar and a clock",
      },
      {
        rule: "!has(self.duration) || duration(self.duration) <= duration('8784h')",
        message: "duration must be at most 366 days (8784h): write from and to for a freeze that lasts",
      },
      {
        // There is no function that asks whether a time zone exists; a zone that does not is an error of getHours().
        rule: "!has(self.timeZone) || timestamp('2020-01-01T00:00:00Z').getHours(self.timeZone) >= 0",
        message: "timeZone must be the IANA name of a time zone, such as Europe/Berlin, or UTC",
      },
    ),
  );

const status = z.object({
  observedGeneration: z.int().optional(),
  conditions: conditions.optional(),
  active: z.boolean().optional().describe("Whether it holds now."),
  until: timestamp.optional().describe("When the one that holds now ends."),
  next: timestamp.optional().describe("When it begins next."),
});

export const freezeWindow = resource("FreezeWindow", spec, status);
export type FreezeWindow = z.infer<typeof freezeWindow>;
export type FreezeWindowSpec = FreezeWindow["spec"];
export type FreezeWindowStatus = z.infer<typeof status>;

export const freezeWindowCrd = {
  kind: "FreezeWindow",
  plural: "freezewindows",
  shortNames: ["fw"],
  description:
    "A time in which no release starts on a further target. In the conductor's own namespace it holds for all namespaces, else for its own.",
  schema: { spec, status },
  rules: [],
  columns: [
    { name: "Reason", type: "string", jsonPath: ".spec.reason" },
    { name: "Active", type: "boolean", jsonPath: ".status.active" },
    // Not dates: kubectl shows how long a date is ago, and of one to come <invalid>.
    { name: "Until", type: "string", jsonPath: ".status.until" },
    { name: "Next", type: "string", jsonPath: ".status.next" },
    { name: "Message", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
} as const;
