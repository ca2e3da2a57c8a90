/** Words that a reader needs, and no others. */

/** `eu, us and ap`. */
export function names(items: readonly string[]): string {
  const last = items.at(-1) ?? "nothing";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} and ${last}`;
}

/** The first eight digits, as people say a commit. */
export function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 8) : revision;
}

export function seconds(ms: number): string {
  const total = Math.round(ms / 1000);
  return total % 60 === 0 && total >= 60 ? `${total / 60} min` : `${total} s`;
}

/** Minutes and seconds since the story began, with hours where there are any. */
export function since(start: number, at: number): string {
  const total = Math.max(0, Math.floor((at - start) / 1000));
  const two = (part: number): string => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60)];
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(total % 60)}` : `${two(minutes)}:${two(total % 60)}`;
}

/** What a machine said, for a reader of the story: short commits, and times of the story. */
export function retold(said: string, start: number): string {
  const day = new Date(start).toISOString().slice(0, 11);
  return said
    .replaceAll(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g, (_, date: string, time: string) => since(start, Date.parse(`${date}T${time}Z`)))
    .replaceAll(/\b[0-9a-f]{40}\b/g, short)
    .replaceAll(/\b(\d\d:\d\d:\d\d)( UTC)?\b/g, (_, time: string) => since(start, Date.parse(`${day}${time}Z`)));
}

/** A value of a manifest in one line, as YAML's flow style has it. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${fields(value)}}`;
}

export function fields(value: object): string {
  return Object.entries(value)
    .map(([key, member]) => `${key}: ${flow(member)}`)
    .join(", ");
}
