/** What leads from an Application in Argo CD's UI to the release that steers it: a link, and from Argo CD 3.5 on a notice. */

export const URL_VARIABLES = ["namespace", "release", "run", "service", "environment"] as const;
type UrlVariables = Readonly<Record<(typeof URL_VARIABLES)[number], string>>;

export interface ReleaseLink {
  readonly url: string;
  /** `namespace/name` of the ServiceRelease. */
  readonly release: string;
}

const LINK = "link.argocd.argoproj.io/release";
const CONTENT = "notice.argocd.argoproj.io/content";
const SEVERITY = "notice.argocd.argoproj.io/severity";
const URL_ = "notice.argocd.argoproj.io/url";

/** All that may be written for it. */
export const LINK_ANNOTATIONS: readonly string[] = [LINK, CONTENT, SEVERITY, URL_];

/** How what we write begins: what begins otherwise is somebody else's, and stays. */
const TITLE = "ServiceRelease ";
const NOTICE = "Last released by ServiceRelease ";

const VARIABLE = /\{\{ *([a-z]+) *\}\}/g;
const PLACEHOLDERS = URL_VARIABLES.map((name) => `{{${name}}}`).join(", ");

/** The URL of a release. */
export function linkOf(template: string, variables: UrlVariables): ReleaseLink {
  const known = new Map<string, string>(Object.entries(variables));
  const url = template.replaceAll(VARIABLE, (whole, name: string) => encodeURIComponent(known.get(name) ?? whole));
  return { url, release: `${variables.namespace}/${variables.release}` };
}

/** Why a template makes no URL that Argo CD's UI would show; undefined when it does. The sentence follows the name of what it is for. */
export function faultOfUrl(template: string): string | undefined {
  const unknown = [...template.matchAll(VARIABLE)].find(([, name]) => !URL_VARIABLES.some((one) => one === name));
  if (unknown !== undefined) return `knows ${PLACEHOLDERS}, not ${unknown[0]}`;
  const filled = template.replaceAll(VARIABLE, "x");
  const url = URL.canParse(filled) ? new URL(filled) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === undefined || !isWeb || /[\s|{}]/.test(filled))
    return `must be a URL that begins with https:// or http://, in which ${PLACEHOLDERS} may stand, and without spaces or |, not "${template}"`;
  if (url.username !== "" || url.password !== "") return "must not hold a user or a password: everybody who sees an Application sees it";
  return undefined;
}

/**
 * The annotations that are still to be written beside those that are `present`. The notice says what stays true whatever is done to
 * the Application or the release later, since nothing is written only to take it away.
 */
export function linkAnnotations(
  { url, release }: ReleaseLink,
  present: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const isOurs = (key: string, begin: string): boolean => present[key]?.startsWith(begin) ?? true;
  const wanted = {
    ...(isOurs(LINK, TITLE) ? { [LINK]: `${TITLE}${release}|${url}` } : {}),
    ...(isOurs(CONTENT, NOTICE) ? { [CONTENT]: `${NOTICE}${release}`, [SEVERITY]: "info", [URL_]: url } : {}),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => present[key] !== value));
}
