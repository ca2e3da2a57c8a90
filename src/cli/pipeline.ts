import type { Exit } from "./exit.ts";

/** Where a log is read by a machine before people see it. */
export type Pipeline = "GitLab" | "GitHub";

/** Which of them a command runs in, by what each sets in a job's environment. */
export function pipelineOf(env: Readonly<Record<string, string | undefined>>): Pipeline | undefined {
  if (env["GITLAB_CI"] === "true") return "GitLab";
  return env["GITHUB_ACTIONS"] === "true" ? "GitHub" : undefined;
}

/**
 * Text that came from elsewhere, for a log: both read commands from it, and whoever writes a message into a cluster shall not give
 * any. What moves the cursor or begins an escape is taken out; what GitHub would carry out is shown, with a space in it.
 */
export function harmless(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) =>
      line
        .replaceAll(/(?!\t)[\p{Cc}\p{Cf}]/gu, "")
        // actions/runner looks for the first at the beginning of a line, and for the other, which is older, anywhere.
        .replace(/^(\s*:):/, "$1 :")
        .replaceAll("##[", "## ["),
    )
    .join("\n");
}

/** One line of it. */
function single(text: string): string {
  return harmless(text).replaceAll(/\s+/g, " ").trim();
}

/** Begins a part of the log that can be folded. `now` in milliseconds; `name` is what sectionEnd is given, too. */
export function sectionStart(pipeline: Pipeline, name: string, header: string, now: number, folded = false): string {
  switch (pipeline) {
    case "GitLab":
      return `\u001b[0Ksection_start:${seconds(now)}:${sectionName(name)}${folded ? "[collapsed=true]" : ""}\r\u001b[0K${single(header)}\n`;
    case "GitHub":
      return `::group::${escapeData(single(header))}\n`;
  }
}

export function sectionEnd(pipeline: Pipeline, name: string, now: number): string {
  switch (pipeline) {
    case "GitLab":
      return `\u001b[0Ksection_end:${seconds(now)}:${sectionName(name)}\r\u001b[0K\n`;
    case "GitHub":
      return "::endgroup::\n";
  }
}

/** What a pipeline is told of a command that has followed a release. */
export interface Ending {
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly outcome: string;
  readonly exitCode: Exit;
  readonly message: string;
  readonly run: string | null;
  /** Where people see the release. */
  readonly url: string | null;
}

/** How it went, as far as that is known. */
export interface Course {
  /** null where runs may not be read. */
  readonly waves: readonly { readonly name: string; readonly phase: string; readonly ready: number; readonly total: number }[] | null;
  /** Those that are not done, what matters first. */
  readonly clusters: readonly { readonly name: string; readonly phase: string; readonly reason: string; readonly message: string }[];
}

/** A workflow command that shows the ending beside the job; undefined for one that is as it was wished. */
export function annotation({ name, exitCode, message }: Ending): string | undefined {
  const level = levelOf(exitCode);
  if (level === undefined) return undefined;
  return `::${level} title=${escapeProperty(single(`${name} ${WORDS[exitCode]}`))}::${escapeData(single(message))}\n`;
}

function levelOf(exit: Exit): "error" | "warning" | "notice" | undefined {
  switch (exit) {
    case 0:
      return undefined;
    case 1:
    case 2:
    case 3:
      return "error";
    case 4:
    case 5:
    case 130:
      return "warning";
    case 6:
      return "notice";
  }
}

const WORDS: Readonly<Record<Exit, string>> = {
  0: "has arrived",
  1: "has failed",
  2: "could not be followed",
  3: "was rolled back",
  4: "was superseded",
  5: "goes on: the time to wait for it is over",
  6: "waits for approval",
  130: "goes on: nobody waits for it any more",
};

/** For the file that GITHUB_OUTPUT names: what later steps of a job read. */
export function outputs({ outcome, exitCode, run, url }: Ending): string {
  const pairs = { outcome, "exit-code": `${exitCode}`, run: run ?? "", url: url ?? "" };
  return lines(Object.entries(pairs).map(([name, value]) => `${name}=${single(value)}`));
}

/** For a file of GitLab's artifacts:reports:dotenv: what later jobs have in their environment. */
export function dotenv({ outcome, exitCode, run, url }: Ending): string {
  const pairs = { OUTCOME: outcome, EXIT_CODE: `${exitCode}`, RUN: run ?? "", URL: url ?? "" };
  return lines(Object.entries(pairs).map(([name, value]) => `CONDUCTOR_${name}=${single(value)}`));
}

/** For the file that GITHUB_STEP_SUMMARY names: Markdown. */
export function summary(ending: Ending, { waves, clusters }: Course): string {
  const { name, namespace, revision, outcome, exitCode, message, run, url } = ending;
  const facts = [
    ["Outcome", `${outcome} (exit code ${exitCode})`],
    ["Revision", revision],
    ["Namespace", namespace],
    ...(run === null ? [] : [["Run", run]]),
    ...(url === null ? [] : [["Where to see it", url]]),
  ];
  return lines([
    `### ${markdown(`${name} ${WORDS[exitCode]}`)}`,
    "",
    markdown(message),
    "",
    ...table(["", ""], facts),
    ...(waves === null || waves.length === 0
      ? []
      : [
          "",
          ...table(
            ["Wave", "Phase", "Ready"],
            waves.map((wave) => [wave.name, wave.phase, `${wave.ready}/${wave.total}`]),
          ),
        ]),
    ...(clusters.length === 0
      ? []
      : [
          "",
          ...table(
            ["Cluster", "Phase", "Reason", "Message"],
            clusters.map((one) => [one.name, one.phase, one.reason, one.message]),
          ),
        ]),
    "",
  ]);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(heads), row(heads.map(() => "---")), ...rows.map((cells) => row(cells.map(markdown)))];
}

/** Text that Markdown shows as it is, on one line: no link with other words, no picture, no HTML and no cell of a table. */
function markdown(text: string): string {
  return single(text)
    .replaceAll(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** As actions/toolkit's command.ts has it. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function sectionName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]/g, "_");
}

function seconds(now: number): number {
  return Math.floor(now / 1000);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
