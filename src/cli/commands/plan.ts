import { Option, type Command } from "commander";
import { API_VERSION } from "#api/rules.ts";
import type { ReleasePreview } from "#api/releasepreview.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { contentsOf } from "../contents.ts";
import { EXIT } from "../exit.ts";
import { names, releaseName, time } from "../flags.ts";
import { PREVIEWS, RELEASES } from "../kinds.ts";
import { declaredIn } from "../manifest.ts";
import { outputOption, printDocument } from "../output.ts";
import { planText } from "../plan/text.ts";
import { planOf } from "../plan/view.ts";
import type { Session } from "../session.ts";
import { lookOf, type Where } from "../terminal.ts";
import { Wrong } from "../wrong.ts";

interface Options extends Where {
  readonly revision?: string;
  readonly clusters?: readonly string[];
  readonly file: readonly string[];
  readonly timeout: number;
  readonly output?: "json" | "yaml";
}

/** How often the answer is looked for, in milliseconds. */
const LOOK = 250;

export function planCommand(context: Context): Command {
  return onCluster(
    command(
      "plan [release]",
      "show what a release would do before anything is applied: waves, changes, what would hold it up, and what speaks against it",
      [
        "plan checkout.production --revision $(git rev-parse HEAD)",
        "plan -f release.yaml",
        "plan -f environment.yaml -f release.yaml   # an Environment too, as it would be",
        "plan checkout.production -o json",
      ],
    ),
  )
    .option("--revision <revision>", "the revision; what is wished now by default")
    .option("--clusters <names>", "only these clusters of the environment", names)
    .addOption(
      new Option("-f, --file <file>", "manifests of the ServiceRelease, the Environment or both; repeatable, - for standard input")
        .default([], "none")
        .argParser((value: string, before: readonly string[]) => [...before, value]),
    )
    .addOption(new Option("--timeout <duration>", "how long to wait for the conductor's answer").argParser(time).default(60_000, "1m"))
    .addOption(outputOption("json", "yaml"))
    .addHelpText(
      "after",
      `
The conductor looks at every cluster and answers; nothing is written anywhere. It answers by a ReleasePreview, for which the right to
create and get releasepreviews is enough: no credential for any cluster.

Exit codes: 0 it would start (perhaps later: what holds it up is named), 1 it would not, 2 wrong use, 5 the conductor did not answer.`,
    )
    .action((release: string | undefined, options: Options) =>
      withSession(context, options, async (session) => {
        const { terminal } = context;
        const spec = await proposed(session, release, options);
        const preview = await answered(session, spec, options.timeout);
        if (preview === undefined) {
          terminal.err.write(
            `the conductor has not answered within ${options.timeout / 1000} s: is it running, and does it watch namespace ${session.namespace}? conductor doctor looks\n`,
          );
          return EXIT.timedOut;
        }
        const plan = planOf(preview);
        if (options.output === undefined) terminal.out.write(planText(plan, lookOf(terminal)));
        else printDocument(terminal, options.output, plan);
        return plan.phase === "Refused" ? EXIT.failed : EXIT.arrived;
      }),
    );
}

/** A preview's spec, from files, flags and what is wished now; the later count more. Throws Wrong. */
async function proposed(session: Session, release: string | undefined, { file, revision, clusters }: Options): Promise<object> {
  const declared = file.map((one) => declaredIn(contentsOf(one), one));
  const named = release === undefined ? undefined : releaseName(release);
  const releases = declared.flatMap((one) => one.releases).filter(({ name }) => named === undefined || name === named.name);
  const [found, second] = releases;
  if (second !== undefined)
    throw new Wrong(`the files hold ${releases.length} ServiceReleases: name one of ${releases.map(({ name }) => name).join(", ")}`);
  const base: Wish = found?.spec ?? (await wished(session, named, revision));
  const whole: Wish = {
    ...base,
    ...(revision === undefined ? {} : { revision }),
    ...(clusters === undefined ? {} : { clusters }),
  };
  const { paused: _, ...wish } = whole;
  const environment = declared.flatMap(({ environments }) => environments).find(({ name }) => name === wish.environment);
  return { release: wish, ...(environment === undefined ? {} : { environment: environment.spec }) };
}

interface Wish {
  readonly service: string;
  readonly environment: string;
  readonly revision: string;
  readonly [field: string]: unknown;
}

async function wished(session: Session, named: ReturnType<typeof releaseName> | undefined, revision: string | undefined): Promise<Wish> {
  if (named === undefined) throw new Wrong("which release? Name it as <service>.<environment>, or give its manifest with -f");
  const { name, service, environment } = named;
  const now = await session.find(RELEASES, name);
  if (now !== undefined) return now.spec;
  if (revision === undefined)
    throw new Wrong(`there is no ServiceRelease ${name} in namespace ${session.namespace} yet: give the --revision that it would have`);
  return { service, environment, revision };
}

/** The preview once it is decided; undefined when time is up. It is deleted where that is allowed, else by the conductor. */
async function answered(session: Session, spec: object, timeout: number): Promise<ReleasePreview | undefined> {
  const name = `plan-${crypto.randomUUID().slice(0, 13)}`;
  const metadata = { name, namespace: session.namespace };
  await session.create(PREVIEWS, name, { apiVersion: API_VERSION, kind: PREVIEWS.kind, metadata, spec });
  const until = session.clock.now() + timeout;
  try {
    while (session.clock.now() < until && !session.signal.aborted) {
      await session.clock.sleep(LOOK, session.signal);
      const preview = await session.get(PREVIEWS, name);
      if (preview.status?.phase === "Planned" || preview.status?.phase === "Refused") return preview;
    }
    return undefined;
  } finally {
    await session.delete(PREVIEWS, name).catch(() => undefined);
  }
}
