/** Seconds as 0:07, 12:30 or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number): string => `${value}`.padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds as 90s, 15m or 1h30m. */
export function duration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), Math.round(seconds % 60)];
  return `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${rest > 0 || seconds < 1 ? `${rest}s` : ""}`;
}

/** The first few of `names`. */
export function some(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `first` and then `text`, in lines of at most `width`: the later ones begin below where `text` began. */
export function wrapped(first: string, text: string, width: number): string {
  const room = width - first.length;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one, index) => (index === 0 ? first : " ".repeat(first.length)) + one).join("\n");
}

/** How long ago `since` (RFC 3339) was, as kubectl shows ages: 42s, 5m, 3h12m, 9d. */
export function ago(since: string, now: number): string {
  return lasting(now - Date.parse(since));
}

/** As long as that: milliseconds, in the words of `ago`. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? "" : `${seconds % 60}s`}`;
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h${hours < 8 && minutes % 60 > 0 ? `${minutes % 60}m` : ""}`;
  return `${Math.floor(hours / 24)}d`;
}

/** Twelve digits tell commits apart; anything else is shown whole. */
export function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 12) : revision.length > 40 ? `${revision.slice(0, 39)}…` : revision;
}
