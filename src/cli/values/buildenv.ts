/**
 * `$NAME` and `${NAME}` in values files and parameters, as Argo CD puts its build environment in (Go's os.Expand): `$$` is a dollar, a
 * name that it does not have is nothing.
 */

export type Expanded = { readonly text: string } | { readonly unknown: string };

const NAMES = ["APP_NAME", "APP_NAMESPACE", "APP_PROJECT_NAME", "APP_REVISION", "APP_REVISION_SHORT", "APP_REVISION_SHORT_8"];
const SOURCE = ["APP_SOURCE_REPO_URL", "APP_SOURCE_PATH", "APP_SOURCE_TARGET_REVISION"];
/** What Argo CD knows, and we only in part. */
const ITS: ReadonlySet<string> = new Set([...NAMES, ...SOURCE].map((name) => `ARGOCD_${name}`));

/** The text with what is known put in; or the first of Argo CD's own names that is not known here. */
export function expanded(text: string, known: ReadonlyMap<string, string>): Expanded {
  let unknown: string | undefined;
  const value = text.replaceAll(
    /\$(?:\{([^}]*)\}|([A-Za-z0-9_]\w*|[*#$@!?-]))/g,
    (_, braced: string | undefined, bare: string | undefined) => {
      // A digit is a name of one letter, as in a shell.
      const name = braced ?? (bare !== undefined && /^\d/.test(bare) ? bare.charAt(0) : (bare ?? ""));
      const rest = braced === undefined ? (bare ?? "").slice(name.length) : "";
      if (name === "$") return "$";
      if (!known.has(name) && ITS.has(name)) unknown ??= name;
      return (known.get(name) ?? "") + rest;
    },
  );
  return unknown === undefined ? { text: value } : { unknown };
}
