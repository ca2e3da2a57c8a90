import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package that is part of the bundle. */
export interface Part {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** As in its package.json; undefined where it says nothing. */
  readonly node: string | undefined;
  /** Its licence and notices, word for word; undefined where it brings none. */
  readonly text: string | undefined;
}

/** Licences under which a package may be handed on in a bundle with its text, and no further duty. */
const FREE = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT", "Unlicense"];

/** Reads what a package says of itself. Throws when its licence is not one that we may hand on. */
export function part(folder: string): Part {
  // package.json of an installed package: npm has read it before us.
  const { name, version, license, engines } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
    readonly engines?: { readonly node?: string };
  };
  if (license === undefined || !FREE.includes(license))
    throw new Error(`${name} is under ${license ?? "no licence"}: see whether it may be bundled, and add it to tools/pack/licences.ts`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return { name, version, licence: license, node: engines?.node, text: texts.length === 0 ? undefined : texts.join("\n\n") };
}

/** The file that goes with the bundle. Equal texts stand once. */
export function notices(parts: readonly Part[]): string {
  const byText = new Map<string, Part[]>();
  for (const one of parts) {
    const text = one.text ?? `This package brings no text of its licence. Its package.json says: ${one.licence}.`;
    byText.set(text, [...(byText.get(text) ?? []), one]);
  }
  const blocks = [...byText].map(([text, those]) =>
    [...those.map(({ name, version, licence }) => `${name} ${version} (${licence})`), "", text].join("\n"),
  );
  return `${["conductor.mjs has these packages in it.", ...blocks].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
