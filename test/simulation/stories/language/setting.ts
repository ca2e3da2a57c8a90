import type { z } from "zod";
import type { strategy } from "#api/strategy.ts";
import { type Behaviour, type Behaviours, well } from "#simulation/behaviour.ts";
import type { JsonObject } from "#simulation/json.ts";
import type { AnalysisScripts } from "#simulation/rollouts.ts";
import { type ApplicationSpec, type ClusterSpec, commit, type Scenario } from "#simulation/scenario.ts";

export type StrategyWritten = z.input<typeof strategy>;

/** What a revision does, in some places or everywhere. */
export interface Trait {
  readonly revision: string;
  readonly on?: readonly string[];
  /** As a reader shall read it, after the name of the revision. */
  readonly says: string;
  readonly how: Behaviour;
}

/** The small world of a story before anything happens in it. Revisions are one hex digit: "2" is 2222…, forty times. */
export interface Setting {
  /** Two or three sentences about what the story shows. */
  readonly shows: string;
  /** Default: eu, us and ap, each with an Argo CD of its own. */
  readonly clusters?: readonly (string | ClusterSpec)[];
  readonly strategy?: StrategyWritten;
  /** Environments beside production, by name. */
  readonly others?: Readonly<Record<string, JsonObject>>;
  /** Templates of Argo Rollouts, and what it measures. */
  readonly analyses?: AnalysisScripts;
  /** Whether the chart's admission policies are installed. Default: they are. */
  readonly policies?: boolean;
  /** Who releases, as admission notes it. Default: it is not known. */
  readonly author?: string;
  /** Of the Environment, beside its strategy. */
  readonly environment?: JsonObject;
  readonly traits?: readonly Trait[];
  /** Released one after the other, and verified, before the story begins. */
  readonly verified?: readonly string[];
  /** Default: checkout. */
  readonly services?: readonly string[];
  /** One Argo CD holds the Applications of several clusters: they are named after service and cluster. */
  readonly hub?: boolean;
  /** What else is special about the Applications of a cluster. */
  readonly applications?: (cluster: string) => Partial<ApplicationSpec>;
  /** What the Applications run at first. Default: "1". */
  readonly runs?: string;
}

export function clustersOf({ clusters = ["eu", "us", "ap"] }: Setting): readonly ClusterSpec[] {
  return clusters.map((one) => (typeof one === "string" ? { name: one } : one));
}

export function servicesOf({ services = ["checkout"] }: Setting): readonly string[] {
  return services;
}

/** What cannot be applied now, by cluster: the revision, and what Argo CD says of it. */
export type Troubles = ReadonlyMap<string, { readonly revision: string; readonly message: string }>;

export function scenarioOf(setting: Setting, troubles: Troubles): Omit<Scenario, "seed"> {
  const { strategy = {}, environment = {}, others = {}, runs = "1", applications = () => ({}), hub = false, analyses, policies } = setting;
  return {
    clusters: clustersOf(setting),
    environments: [
      { name: "production", spec: { strategy: plain(strategy), ...environment } },
      ...Object.entries(others).map(([name, spec]) => ({ name, spec })),
    ],
    ...(analyses === undefined ? {} : { analyses }),
    ...(policies === undefined ? {} : { policies }),
    applications: ({ name, instance }) =>
      (hub && instance === undefined ? [] : servicesOf(setting)).map((service) => ({
        name: hub ? `${service}-${name}` : service,
        revision: commit(runs),
        ...applications(name),
      })),
    behaviours: behavioursOf(setting.traits ?? [], troubles),
  };
}

function behavioursOf(traits: readonly Trait[], troubles: Troubles): Behaviours {
  return ({ cluster }, revision) => {
    const trouble = troubles.get(cluster);
    if (trouble !== undefined && commit(trouble.revision) === revision) return { sync: { kind: "Fails", message: trouble.message } };
    return traits.find((trait) => commit(trait.revision) === revision && trait.on?.includes(cluster) !== false)?.how ?? well;
  };
}

/** What a person has written, as a manifest carries it. */
function plain(written: StrategyWritten): JsonObject {
  // What zod takes as a strategy is JSON.
  return written as JsonObject;
}
