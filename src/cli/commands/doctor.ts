import type { Command } from "commander";
import { command, onCluster, withSession, type Context } from "../command.ts";
import type { Check, Level } from "../doctor/check.ts";
import { diagnose, type Diagnosis } from "../doctor/diagnosis.ts";
import { read } from "../doctor/read.ts";
import { EXIT } from "../exit.ts";
import { releaseName } from "../flags.ts";
import { coloured, sign, type Look, type Mood } from "../look.ts";
import { outputOption, printDocument } from "../output.ts";
import { lookOf, type Terminal, type Where } from "../terminal.ts";
import { plural, wrapped } from "../words.ts";
import { Wrong } from "../wrong.ts";

interface Options extends Where {
  readonly output?: "json" | "yaml";
  readonly allNamespaces?: boolean;
}

const EXITS = `
What is looked at: the API server, the CRDs, the admission policies, your own rights, whether the conductor answers, the clusters of
Environments, their credentials and Argo CDs, and whether releases could start. Nothing is changed: the conductor is asked by
ReleasePreviews, which are deleted again. Exit code 0: nothing failed. 1: a check failed. 2: wrong use, or no connection.`;

export function doctorCommand(context: Context): Command {
  return onCluster(
    command("doctor [release]", "check an installation, or what keeps a release from starting: one line for each thing, with what to do", [
      "doctor",
      "doctor checkout.production",
      "doctor -A -o json",
    ]),
  )
    .option("-A, --all-namespaces", "the Environments and releases of all namespaces")
    .addOption(outputOption("json", "yaml"))
    .addHelpText("after", EXITS)
    .action((release: string | undefined, { output, allNamespaces = false, ...where }: Options) => {
      const named = release === undefined ? undefined : releaseName(release).name;
      if (named !== undefined && allNamespaces) throw new Wrong("a release is of one namespace: name it with -n, and leave out -A");
      return withSession(context, where, async (session) => {
        const diagnosis = diagnose(await read(session, { allNamespaces, release: named }));
        if (output === undefined) context.terminal.out.write(textOf(diagnosis, context.terminal));
        else printDocument(context.terminal, output, diagnosis);
        return diagnosis.result === "fail" ? EXIT.failed : EXIT.arrived;
      });
    });
}

const MOODS: Readonly<Record<Level, Mood>> = { ok: "good", warn: "asks", fail: "bad" };
/** In a log each line says how it stands in a word that grep finds. */
const WORDS: Readonly<Record<Level, string>> = { ok: "ok  ", warn: "warn", fail: "FAIL" };

function textOf({ checks }: Diagnosis, terminal: Terminal): string {
  const look = lookOf(terminal);
  const isDrawn = terminal.out.isTTY === true;
  const lines = checks.map((one) => (isDrawn ? drawn(one, look) : line(one)));
  const count = (level: Level): number => checks.filter((one) => one.level === level).length;
  const counts = [`${count("ok")} ok`, plural(count("warn"), "warning"), `${count("fail")} failed`].join(", ");
  return `${lines.join("\n")}\n${plural(checks.length, "check")}: ${counts}\n`;
}

function line({ level, subject, about, message, remedy }: Check): string {
  return `${WORDS[level]}  ${subject.padEnd(11)}  ${about === null ? "" : `${about}: `}${message}${remedy === null ? "" : `; to do: ${remedy}`}`;
}

function drawn({ level, subject, about, message, remedy }: Check, look: Look): string {
  const mood = MOODS[level];
  // The sign is one column wide, whatever its colour takes.
  const first = `  ${subject.padEnd(11)}  `;
  const text = wrapped(first, `${about === null ? "" : `${about}: `}${message}`, look.width);
  const said = `${mark(mood, look)}${text.slice(1)}`;
  return remedy === null ? said : `${said}\n${coloured("idle", wrapped(`${" ".repeat(first.length)}→ `, remedy, look.width), look)}`;
}

function mark(mood: Mood, look: Look): string {
  return mood === "asks" ? coloured(mood, "!", look) : sign(mood, look);
}
