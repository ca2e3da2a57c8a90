import { Wrong } from "../wrong.ts";
import { join, type Repository } from "./repository.ts";
import { mapOf, plain, type MapTree, type Plain } from "./tree.ts";
import { valuesIn } from "./yaml.ts";

/** A chart as far as its values are concerned. */
export interface Chart {
  readonly name: string;
  /** Its own values; undefined where it has no values.yaml. */
  readonly values: MapTree | undefined;
  /** Keys under which the values of its dependencies are. */
  readonly subcharts: ReadonlySet<string>;
  /** What is not looked at here, a sentence each. */
  readonly notes: readonly string[];
}

/** Reads Chart.yaml, values.yaml and the names of subcharts. Throws Wrong where one of them is not as helm needs it. */
export function chartIn(repository: Repository): Chart {
  const described = fileIn(repository, join(repository.chart, "Chart.yaml")) ?? mapOf([], "");
  const meta = plain(described);
  const name = fieldOf(meta, "name");
  if (typeof name !== "string" || name === "")
    throw new Wrong(`${join(repository.chart, "Chart.yaml")}: name is missing: helm reads no chart without`);
  const dependencies = [meta, plain(fileIn(repository, join(repository.chart, "requirements.yaml")) ?? mapOf([], ""))].flatMap(
    dependenciesOf,
  );
  const folders = repository.entries(join(repository.chart, "charts")).flatMap((entry) => (entry.isDirectory ? [entry.name] : []));
  const subcharts = new Set([...dependencies.map(({ key }) => key), ...folders]);
  const imports = dependencies.filter(({ isImporting }) => isImporting).map(({ key }) => key);
  const overrides = repository
    .entries(repository.chart)
    .flatMap((entry) => (/^\.argocd-source(-.*)?\.yaml$/.test(entry.name) ? [entry.name] : []));
  return {
    name,
    values: fileIn(repository, join(repository.chart, "values.yaml")),
    subcharts,
    notes: [
      ...(subcharts.size === 0 ? [] : [`the own values of subcharts are not shown: ${[...subcharts].toSorted().join(", ")}`]),
      ...(imports.length === 0 ? [] : [`what import-values takes from ${imports.join(", ")} is not shown`]),
      ...overrides.map(
        (file) => `${file} lies beside the chart: Argo CD puts it over the Application's source, and it is not looked at here`,
      ),
    ],
  };
}

/** The values in a file; undefined where there is none. Throws Wrong with line and column when helm could not read it. */
export function fileIn(repository: Repository, path: string): MapTree | undefined {
  const look = repository.look(path);
  if (look.kind !== "File") return undefined;
  const values = valuesIn(look.text, labelOf(repository, path));
  if ("fault" in values) throw new Wrong(`${path} (${repository.what}) cannot be read as values: ${values.fault}`);
  return values;
}

/** A file as valueFiles names it: from the chart, or with a / from the repository's root. */
export function labelOf({ chart }: Repository, path: string): string {
  if (chart === "") return path;
  return path.startsWith(`${chart}/`) ? path.slice(chart.length + 1) : `/${path}`;
}

function dependenciesOf(meta: Plain): readonly { readonly key: string; readonly isImporting: boolean }[] {
  const list = fieldOf(meta, "dependencies");
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: Plain) => {
    const key = fieldOf(one, "alias") ?? fieldOf(one, "name");
    return typeof key === "string" ? [{ key, isImporting: fieldOf(one, "import-values") !== undefined }] : [];
  });
}

function fieldOf(value: Plain, key: string): Plain | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value)).get(key);
}
