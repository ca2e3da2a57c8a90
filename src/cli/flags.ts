import { InvalidArgumentError, Option } from "commander";
import { duration, label, milliseconds } from "#api/rules.ts";
import { Wrong } from "./wrong.ts";

/** A duration in milliseconds. */
export function time(value: string): number {
  if (!duration("it").safeParse(value).success)
    throw new InvalidArgumentError("It must be a duration of hours, minutes and seconds, such as 90s, 15m or 1h30m.");
  return milliseconds(value);
}

/** A moment with its offset from UTC, in milliseconds since the epoch. */
export function moment(value: string): number {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError("It must be a date and a time with its offset from UTC, such as 2026-12-20T18:00:00+01:00.");
  return at;
}

export function whole(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(value);
}

/** Names with commas between, or the flag again. */
export function names(value: string, before: readonly string[] | undefined): readonly string[] {
  const found = value.split(",").filter((one) => one !== "");
  for (const one of found)
    if (!label("it").safeParse(one).success) throw new InvalidArgumentError(`"${one}" is no name of a cluster, service or environment.`);
  return [...(before ?? []), ...found];
}

/** A flag that may be given again and again. */
export function several(flags: string, description: string): Option {
  return new Option(flags, description).default([], "nobody").argParser((value: string, before: readonly string[]) => [...before, value]);
}

/** key=value, again and again. */
export function pairs(value: string, before: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  const at = value.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("It must be key=value.");
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}

/** What a release is called: `<service>.<environment>`. Throws Wrong. */
export function releaseName(name: string): { readonly name: string; readonly service: string; readonly environment: string } {
  const bare = name.replace(/^(servicereleases?|sr)(\.conductor\.dev)?\//, "");
  const [service = "", environment = "", ...rest] = bare.split(".");
  const isName = (part: string): boolean => label("it").safeParse(part).success;
  if (rest.length > 0 || !isName(service) || !isName(environment))
    throw new Wrong(`"${name}" is no release: write <service>.<environment>, such as checkout.production`);
  return { name: bare, service, environment };
}
