import { names, retold, since } from "./words.ts";

/** One thing that happened. */
export interface Line {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** With `{}` where the clusters are named. */
  readonly text: string;
  readonly cluster?: string;
  /** What something is now, such as an Application in the eyes of its Argo CD: told only if it stays so for a moment. */
  readonly state?: string;
}

/** Less is a passing state, in milliseconds. */
const STAYS = 2500;

/** All that happened, as it happened. */
export class Journal {
  readonly #lines: Line[] = [];
  readonly #now: () => number;
  #start: number;
  #open = true;

  constructor(now: () => number) {
    this.#now = now;
    this.#start = now();
  }

  get start(): number {
    return this.#start;
  }

  /** Whether what happens belongs to the story. */
  set open(open: boolean) {
    this.#open = open;
    if (open) this.#start = this.#now();
  }

  note(text: string, about: Pick<Line, "cluster" | "state"> = {}): void {
    if (this.#open) this.#lines.push({ at: this.#now(), text, ...about });
  }

  /** The story as people read it: passing states left out, and what befell several clusters in one second told once. */
  told(clusters: readonly string[]): readonly string[] {
    const groups: { readonly time: string; readonly text: string; readonly clusters: string[] }[] = [];
    for (const { at, text, cluster } of withoutEchoes(withoutPassing(this.#lines))) {
      const time = since(this.#start, at);
      const same = groups.findLast((group) => group.time === time && group.text === text && cluster !== undefined);
      if (same !== undefined && cluster !== undefined) same.clusters.push(cluster);
      else groups.push({ time, text, clusters: cluster === undefined ? [] : [cluster] });
    }
    return groups.map(({ time, text, clusters: own }) => {
      const who = [...new Set(own)].toSorted((a, b) => clusters.indexOf(a) - clusters.indexOf(b));
      return `${time}  ${retold(agreed(text, who.length), this.#start).replaceAll("{}", names(who))}`;
    });
  }
}

/** `is|are`, for one or several. */
function agreed(text: string, count: number): string {
  return text.replaceAll(/\b(\w+)\|(\w+)\b/g, (_, one: string, several: string) => (count > 1 ? several : one));
}

function withoutPassing(lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ state, at }, index) => {
    if (state === undefined) return true;
    const next = lines.slice(index + 1).find((later) => later.state === state);
    return next === undefined || next.at - at >= STAYS;
  });
}

/** What was said last of the same thing need not be said again. */
function withoutEchoes(lines: readonly Line[]): readonly Line[] {
  const said = new Map<string, string>();
  return lines.filter(({ state, text }) => {
    if (state === undefined) return true;
    const echo = said.get(state) === text;
    said.set(state, text);
    return !echo;
  });
}
