import { refuseRevision } from "#api/revision.ts";
import { label } from "#api/rules.ts";
import type { Manifest } from "./manifest.ts";
import { chartIn, type Chart } from "./values/chart.ts";
import { askedFor, clustersOf, type Planned } from "./values/clusters.ts";
import { atCommit, commitOf } from "./values/commit.ts";
import { documentOf, type ValuesDocument } from "./values/document.ts";
import { effectiveValues } from "./values/effective.ts";
import type { Part } from "./values/parts.ts";
import type { Repository } from "./values/repository.ts";
import { workingTree } from "./values/workingtree.ts";
import { Wrong } from "./wrong.ts";

/** What was asked. */
export interface Options {
  readonly chart: string;
  readonly service?: string;
  readonly environment: readonly string[];
  readonly namespace?: string;
  readonly revision?: string;
  readonly cluster: readonly string[];
  /** By Environment, where the management cluster has told it. */
  readonly planned?: ReadonlyMap<string, Planned>;
  readonly show: readonly Part[];
  readonly showSecrets: boolean;
}

/** What takes effect, by environment and cluster. Throws Wrong when what was typed, an Environment or the chart must be put right. */
export function values(given: readonly Manifest[], options: Options): ValuesDocument {
  const manifests = chosen(given, options.environment);
  for (const { name, spec } of manifests)
    if (spec.application.helm === undefined)
      throw new Wrong(
        `Environment ${name} has no application.helm: its values are the Application's alone; choose others with --environment`,
      );
  const shown = clustersOf(manifests, options.cluster.map(askedFor), options.planned);
  const sources = new Sources(options.chart);
  const read = manifests.flatMap((manifest, index) => {
    const one = shown[index];
    // Where none of its clusters is asked for, nothing of it is shown.
    if (one === undefined || one.clusters.length === 0) return [];
    return [{ manifest, shown: one, ...sources.of(manifest, options.revision) }];
  });
  const service = serviceOf(options.service ?? read[0]?.own.name ?? "");
  const environments = read.map(({ manifest, shown: { clusters, complete, notes }, repository, own, revision, note }) => ({
    own,
    ...effectiveValues({
      manifest,
      repository,
      chart: own,
      clusters,
      complete,
      notes: [...notes, ...note],
      service,
      namespace: options.namespace ?? manifest.namespace,
      revision,
    }),
  }));
  const parts = new Set<Part>(options.show);
  const about = { service, revision: options.revision, chart: read[0]?.own.name ?? "" };
  return documentOf(about, environments, { parts, showSecrets: options.showSecrets });
}

function chosen(all: readonly Manifest[], wanted: readonly string[]): readonly Manifest[] {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Wrong(`Environment ${twice} is given twice: give each once with -f`);
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) throw new Wrong(`--environment ${missing}: there is no such Environment; there is ${names.join(", ")}`);
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.includes(name));
}

function serviceOf(name: string): string {
  const service = label("a service").safeParse(name);
  if (service.success) return service.data;
  throw new Wrong(
    `${service.error.issues[0]?.message ?? "it is no name"}; it is ${JSON.stringify(name)}: name it in front, as checkout or checkout.production`,
  );
}

interface Source {
  readonly repository: Repository;
  readonly own: Chart;
  /** What {{revision}} stands for. */
  readonly revision: string | undefined;
  readonly note: readonly string[];
}

/** The chart, read once for each commit. */
class Sources {
  readonly #path: string;
  readonly #known = new Map<string, { readonly repository: Repository; readonly own: Chart }>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Where Argo CD would read the chart of an Environment, as far as that is known. */
  of({ name, spec }: Manifest, revision: string | undefined): Source {
    const { revision: kind, application } = spec;
    if (revision === undefined) return { ...this.#read(undefined), revision, note: [] };
    const isGit = kind === "Commit" || kind === "Tag";
    const commit =
      isGit && /\{\{ *revision *\}\}/.test(application.targetRevision ?? "") ? commitOf(this.#path, revision, kind) : undefined;
    // A branch or a short hash is what it stands for now.
    const exact = kind === "Commit" && commit !== undefined ? commit : revision;
    const refusal = refuseRevision(kind, exact);
    if (refusal !== undefined) throw new Wrong(`--revision: ${refusal} (Environment ${name} takes revision: ${kind})`);
    const note = `the revision of ${name} does not say which commit holds the chart: what lies in ${this.#path} is shown`;
    return { ...this.#read(commit), revision: exact, note: commit === undefined ? [note] : [] };
  }

  #read(commit: string | undefined): { readonly repository: Repository; readonly own: Chart } {
    const known = this.#known.get(commit ?? "");
    if (known !== undefined) return known;
    const repository = commit === undefined ? workingTree(this.#path) : atCommit(this.#path, commit);
    const read = { repository, own: chartIn(repository) };
    this.#known.set(commit ?? "", read);
    return read;
  }
}
