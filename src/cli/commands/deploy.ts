import type { Command } from "commander";
import { ACTION_PREFIX } from "#engine/actions.ts";
import { stamp } from "#api/conditions.ts";
import { API_VERSION } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, withSession, type Context } from "../command.ts";
import { EXIT } from "../exit.ts";
import { names, pairs, releaseName } from "../flags.ts";
import { RELEASES } from "../kinds.ts";
import { printDocument } from "../output.ts";
import { releaseIn, type ReleaseManifest } from "../manifest.ts";
import { contentsOf } from "../contents.ts";
import { tell } from "../release/tell.ts";
import { isSpent, type Asked } from "../release/verdict.ts";
import type { Session } from "../session.ts";
import { Wrong } from "../wrong.ts";
import { following, followTo, type Following } from "./wait.ts";
import { short } from "../words.ts";

interface Options extends Following {
  readonly revision?: string;
  readonly clusters?: readonly string[];
  readonly file?: string;
  readonly annotate?: Readonly<Record<string, string>>;
  readonly retry?: true;
  readonly wait: boolean;
  readonly forceConflicts?: true;
}

export function deployCommand(context: Context): Command {
  return following(
    command("deploy [release]", "create or change a ServiceRelease, and wait until it has arrived in all of its clusters", [
      "deploy checkout.production --revision $(git rev-parse HEAD)",
      "deploy checkout.production --revision v1.4.2 --clusters eu-west-1,us-east-1",
      "deploy -f release.yaml --timeout 30m --no-wait-approval",
      "deploy checkout.production --revision v1.4.2 --retry    # what has failed before is tried again",
    ])
      .option("--revision <revision>", "what the Applications shall track: a commit of 40 digits, a tag, a chart version or a digest")
      .option("--clusters <names>", "only to these clusters of the environment", names)
      .option("-f, --file <file>", "the ServiceRelease's manifest; - for standard input")
      .option("--annotate <key=value>", "an annotation for the ServiceRelease; repeatable", pairs)
      .option("--retry", "when this revision has been tried and has failed: try it again")
      .option("--no-wait", "declare it, and do not wait for its end")
      .option("--force-conflicts", "take over fields that somebody else declares"),
  ).action((release: string | undefined, options: Options) => {
    const manifest = manifestOf(release, options);
    return withSession(context, { ...options, ...namespaceOf(manifest, options) }, async (session) => {
      const { terminal } = context;
      const { name, spec } = manifest;
      const before = await session.find(RELEASES, name);
      const body = bodyOf(manifest, session.namespace, options);
      const after = await session.apply(RELEASES, name, body, options.forceConflicts === true);
      if (options.output === undefined) tell(terminal, name, said(before, after));
      const asked: Asked = { revision: spec.revision, waitForApproval: options.waitApproval };
      const retried = options.retry === true ? await retry(session, after) : undefined;
      if (options.retry === true && options.output === undefined)
        tell(
          terminal,
          name,
          retried === undefined
            ? "has nothing to retry: it is new, under way or verified"
            : `is tried again: a retry of ${retried.run} is asked for`,
        );
      if (!options.wait) {
        if (options.output !== undefined) printDocument(terminal, options.output, declared(after));
        return EXIT.arrived;
      }
      return followTo(terminal, session, name, retried === undefined ? asked : { ...asked, retried }, options);
    });
  });
}

/** From the file, with what the flags say on top. Throws Wrong. */
function manifestOf(release: string | undefined, { file, revision, clusters }: Options): ReleaseManifest {
  const named = release === undefined ? undefined : releaseName(release);
  if (file !== undefined) {
    const found = releaseIn(contentsOf(file), file, named?.name);
    return {
      ...found,
      spec: { ...found.spec, ...(revision === undefined ? {} : { revision }), ...(clusters === undefined ? {} : { clusters }) },
    };
  }
  if (named === undefined) throw new Wrong("which release? Name it as <service>.<environment>, or give its manifest with -f");
  if (revision === undefined)
    throw new Wrong(`which revision of ${named.service}? Give --revision, such as --revision $(git rev-parse HEAD)`);
  const { name, service, environment } = named;
  return {
    name,
    namespace: undefined,
    annotations: {},
    labels: {},
    spec: { service, environment, revision, ...(clusters === undefined ? {} : { clusters }) },
  };
}

function namespaceOf({ namespace }: ReleaseManifest, options: Options): { readonly namespace?: string } {
  if (namespace === undefined) return {};
  if (options.namespace !== undefined && options.namespace !== namespace)
    throw new Wrong(`the manifest is of namespace ${namespace}, and -n says ${options.namespace}: correct one of them`);
  return { namespace };
}

function bodyOf({ name, annotations, labels, spec }: ReleaseManifest, namespace: string, { annotate }: Options): object {
  const noted = { ...annotations, ...annotate };
  const metadata = {
    name,
    namespace,
    ...(Object.keys(noted).length === 0 ? {} : { annotations: noted }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return { apiVersion: API_VERSION, kind: "ServiceRelease", metadata, spec };
}

/** What `--no-wait` prints for programs: it says nothing of how it goes. */
function declared({ metadata: { name, namespace }, spec }: ServiceRelease): object {
  return {
    version: 1,
    name,
    namespace,
    revision: spec.revision,
    outcome: null,
    exitCode: EXIT.arrived,
    message: "declared, and not waited for",
    run: null,
    url: null,
  };
}

function said(before: ServiceRelease | undefined, after: ServiceRelease): string {
  const { generation } = after.metadata;
  const now = short(after.spec.revision);
  if (before === undefined) return `is created at revision ${now}`;
  if (before.metadata.generation === generation) return `is wanted at revision ${now} already: nothing was changed`;
  return before.spec.revision === after.spec.revision
    ? `is changed, at revision ${now} as before`
    : `is changed from revision ${short(before.spec.revision)} to ${now}`;
}

/** Asks for the same wish again, if it was tried and has not arrived. */
async function retry(session: Session, release: ServiceRelease): Promise<Asked["retried"]> {
  const { run } = release.status ?? {};
  if (run === undefined || !isSpent(release)) return undefined;
  // Unlike any before: what was answered once is not looked at again.
  const value = `${run}/${stamp(session.clock.now())}`;
  await session.patch(RELEASES, release.metadata.name, { metadata: { annotations: { [`${ACTION_PREFIX}retry`]: value } } });
  return { run, value };
}
