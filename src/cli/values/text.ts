import { styled } from "../chart.ts";
import { plural, some, wrapped } from "../words.ts";
import { MASK } from "./secrets.ts";
import { visible, type Scalar } from "./tree.ts";
import type { ClusterDocument, DifferenceDocument, EnvironmentDocument, FileDocument, GroupDocument, ValuesDocument } from "./document.ts";
import { resolved } from "./yaml.ts";

export interface Look {
  readonly width: number;
  readonly colours: boolean;
}

/** The lookup order and the differences, for people: what is long stays on one line, so that grep finds it. */
export function textOf(document: ValuesDocument, look: Look): string {
  const { service, revision, chart, environments, differences } = document;
  const title = `${service}${revision === null ? "" : ` at ${short(revision)}`}, chart ${chart}`;
  const lines = [
    styled(look.colours, "bold", title),
    ...environments.flatMap((environment) => ["", ...environmentLines(environment, look)]),
    ...(differences === undefined ? [] : ["", ...betweenLines(differences)]),
    ...(isMasked(document) ? ["", wrapped("", `${MASK} stands for what looks like a secret: --show-secrets shows it`, look.width)] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? `${revision.slice(0, 10)}…` : visible(revision);
}

function isMasked({ environments, differences = [] }: ValuesDocument): boolean {
  const all = [...differences, ...environments.flatMap((one) => one.differences ?? [])];
  return all.some(({ groups }) => groups.some(({ value }) => typeof value === "string" && value.includes(MASK)));
}

function environmentLines(environment: EnvironmentDocument, look: Look): readonly string[] {
  const { name, readFrom, clusters, differences, notes, parameters } = environment;
  const [first] = clusters;
  const hasFiles = first?.files !== undefined;
  const head = `${name}, ${plural(clusters.length, "cluster")}, read from ${readFrom}`;
  const rendered = clusters.filter(({ refusals }) => refusals.length === 0).length;
  const same = rendered === 1 ? undefined : `${rendered === clusters.length ? "all clusters" : "the other clusters"} have the same values`;
  return [
    styled(look.colours, "bold", head),
    ...(hasFiles ? table(clusters, look) : []),
    ...(hasFiles && parameters.length > 0 ? [wrapped("  then parameters  ", parameters.map(visible).join(", "), look.width)] : []),
    ...remarks(environment, look),
    ...notes.map((note) => wrapped("  note: ", visible(note), look.width)),
    ...(differences === undefined || rendered === 0 ? [] : differencesLines(`between the clusters of ${name}`, same, differences)),
  ];
}

const STATES: Readonly<Record<FileDocument["state"], string>> = {
  Exists: "exists",
  Missing: "missing",
  Refused: "refused",
  NotSeen: "not seen",
};
const GAP = "  ";

/** Files by cluster where that fits, else a line for each file. */
function table(clusters: readonly ClusterDocument[], look: Look): readonly string[] {
  const { files, hidden } = rowsOf(clusters);
  const labels = files.map(({ template }) => visible(template ?? "values.yaml (the chart's)"));
  const wide = Math.max("later wins".length, ...labels.map(({ length }) => length));
  const columns = clusters.map(({ name, files: own = [] }) => {
    const cells = own.slice(hidden).map(stateOf);
    return { name, cells, width: Math.max(name.length, ...cells.map(({ length }) => length)) };
  });
  const total = 2 + wide + columns.reduce((sum, { width }) => sum + GAP.length + width, 0);
  if (total > look.width) return files.map((file, row) => `  ${labels[row] ?? file.file}: ${grouped(clusters, row + hidden)}`);
  const row = (label: string, cells: readonly string[]): string =>
    `  ${label.padEnd(wide)}${cells.map((cell, index) => GAP + cell.padEnd(columns[index]?.width ?? 0)).join("")}`.trimEnd();
  return [
    styled(
      look.colours,
      "dim",
      row(
        "later wins",
        columns.map(({ name }) => name),
      ),
    ),
    ...labels.map((label, index) =>
      row(
        label,
        columns.map(({ cells }) => cells[index] ?? ""),
      ),
    ),
  ];
}

/** The lines of the table: the chart's own values.yaml has none where valueFiles begins with it again. */
function rowsOf(clusters: readonly ClusterDocument[]): { readonly files: readonly FileDocument[]; readonly hidden: number } {
  const files = clusters[0]?.files ?? [];
  const hidden = files[1]?.paths.length === 1 && files[1].paths[0] === files[0]?.paths[0] ? 1 : 0;
  return { files: files.slice(hidden), hidden };
}

function stateOf({ state, paths }: FileDocument): string {
  if (state !== "Exists") return STATES[state];
  if (paths.length === 0) return "see above";
  return paths.length === 1 ? STATES.Exists : plural(paths.length, "file");
}

function grouped(clusters: readonly ClusterDocument[], row: number): string {
  const groups = new Map<string, string[]>();
  for (const { name, files = [] } of clusters) {
    const file = files[row];
    const state = file === undefined ? "" : stateOf(file);
    groups.set(state, [...(groups.get(state) ?? []), name]);
  }
  if (groups.size === 1) return `${[...groups.keys()][0] ?? ""} in all`;
  return places([...groups].map(([state, names]) => ({ what: state, names })));
}

/** At most so many groups, and names of one, on a line. */
const MOST = 8;

/** The largest of several is "the other 97", where it is large. */
function places(groups: readonly { readonly what: string; readonly names: readonly string[] }[]): string {
  const most = Math.max(...groups.map(({ names }) => names.length));
  const rest = most > 5 ? groups.find(({ names }) => names.length === most) : undefined;
  const ordered = rest === undefined ? groups : [...groups.filter((one) => one !== rest), rest];
  const lines = ordered.map(({ what, names }) => `${what} in ${names === rest?.names ? `the other ${names.length}` : some(names, MOST)}`);
  return `${lines.slice(0, MOST).join("; ")}${lines.length > MOST ? `; and ${lines.length - MOST} other values` : ""}`;
}

/** What Argo CD would refuse, and what cannot be known, each with its clusters. */
function remarks({ clusters }: EnvironmentDocument, look: Look): readonly string[] {
  const about = (label: string, style: "red" | "yellow", of: (one: ClusterDocument) => readonly string[]): readonly string[] => {
    const found = new Map<string, string[]>();
    for (const one of clusters) for (const text of of(one)) found.set(text, [...(found.get(text) ?? []), one.name]);
    return [...found].map(([text, names]) => {
      const where = names.length === clusters.length ? "" : ` (${names.length > 5 ? plural(names.length, "cluster") : names.join(", ")})`;
      return styled(look.colours, style, wrapped(`  ${label}: `, visible(text) + where, look.width));
    });
  };
  return [
    ...about("Argo CD would render nothing", "red", ({ refusals }) => refusals),
    ...about("not known here, and left out", "yellow", ({ without }) => without),
  ];
}

function differencesLines(where: string, same: string | undefined, differences: readonly DifferenceDocument[]): readonly string[] {
  if (differences.length === 0) return same === undefined ? [] : [`  ${same}`];
  return [
    `  ${plural(differences.length, "difference")} ${where}`,
    ...differences.map(({ path, groups }) => `    ${path}: ${groupsText(groups)}`),
  ];
}

function betweenLines(differences: readonly DifferenceDocument[]): readonly string[] {
  if (differences.length === 0) return ["the environments have the same values"];
  return differencesLines("between environments", undefined, differences).map((line) => line.slice(2));
}

function groupsText(groups: readonly GroupDocument[]): string {
  const shown = groups.map(({ value }) => typeof value === "string" && value.includes(MASK));
  const another = shown.filter(Boolean).length > 1;
  return places(
    groups.map((group, index) => ({
      what: `${whatOf(group)}${another && shown[index] === true ? ` (${index + 1})` : ""}`,
      names: group.in,
    })),
  );
}

function whatOf({ value, unset, varies }: GroupDocument): string {
  if (varies) return "varies";
  return unset ? "unset" : valueText(value);
}

const LONGEST = 60;

/** A value as YAML would have it, on one line and not too long. */
function valueText(value: Scalar): string {
  if (typeof value !== "string") return String(value);
  const isPlain =
    /^[\w./*{[+-]([\w ./:@*+#=…,{}[\]-]*[\w./*}\]…-])?$/.test(value) && typeof resolved(value) === "string" && !value.includes(": ");
  const text = isPlain ? value : visible(JSON.stringify(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
