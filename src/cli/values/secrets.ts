import { mapOf, type MapTree, type Tree } from "./tree.ts";

/** Values that look like secrets: they are not shown unless somebody asks for them. Rather too many than one too few. */

export const MASK = "***";

/** The last word of a key, or a key that all below it is kept quiet for. */
const WORD =
  /^(password|passwd|pwd|pass|passphrase|token|tokens|secret|secrets|key|keys|apikey|credential|credentials|auth|cookie|dsn|salt|pem|htpasswd|dockerconfigjson)$/;
/** What ends so and is a name of something: of a Secret, of a label. */
const NAMES = new Set(["imagepullsecrets", "topologykey", "existingsecret"]);

/** In a text of several: `password: x`, `TOKEN=x`; a user and password in a URL. */
const INSIDE =
  /\b([\w.-]*(?:password|passwd|pwd|token|secret|api[_-]?key|private[_-]?key|access[_-]?key|authorization)[\w.-]*["']?\s*[:=]\s*["']?)((?:(?:bearer|basic)\s+)?[^\s"',;&}{]+)/gi;
const TEXTS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\b(?:ghp|gho|ghs|glpat|xox[abps]|sk|AKIA)[_-]?[A-Za-z0-9_-]{16,}\b/g,
];

/** Whether a key is of those whose values are kept quiet. */
export function isSecretKey(key: string): boolean {
  if (NAMES.has(key.toLowerCase().replaceAll(/[^a-z]/g, ""))) return false;
  const words = key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1)?.replace(/\d+$/, "") ?? "";
  return WORD.test(last) || /(password|passwd|token|secret|apikey|privatekey|accesskey)$/.test(words.join(""));
}

/** The values as they may be shown. */
export function concealed(tree: MapTree): MapTree {
  return mapOf(
    [...tree.entries].map(([key, value]) => [key, concealedUnder(key, value, tree)] as const),
    tree.from,
  );
}

function concealedUnder(key: string, value: Tree, beside: MapTree): Tree {
  const name = beside.entries.get("name");
  // An environment variable's name stands beside its value.
  const isNamed = key === "value" && name?.kind === "Scalar" && typeof name.value === "string" && isSecretKey(name.value);
  return isSecretKey(key) || isNamed ? silenced(value) : inside(value);
}

function inside(tree: Tree): Tree {
  switch (tree.kind) {
    case "Map":
      return concealed(tree);
    case "List":
      return { ...tree, items: tree.items.map(inside) };
    case "Scalar":
      return typeof tree.value === "string" ? { ...tree, value: maskedText(tree.value) } : tree;
  }
}

/** Nothing and yes or no give nothing away. */
function silenced(tree: Tree): Tree {
  switch (tree.kind) {
    case "Map":
      return { ...tree, entries: new Map([...tree.entries].map(([key, value]) => [key, silenced(value)])) };
    case "List":
      return { ...tree, items: tree.items.map(silenced) };
    case "Scalar":
      return tree.value === null || tree.value === "" || typeof tree.value === "boolean" ? tree : { ...tree, value: MASK };
  }
}

function maskedText(text: string): string {
  const plain = TEXTS.reduce((before, pattern) => before.replaceAll(pattern, MASK), text);
  return plain.replaceAll(INSIDE, `$1${MASK}`).replaceAll(/(\/\/)[^/\s@]+@/g, `$1${MASK}@`);
}
