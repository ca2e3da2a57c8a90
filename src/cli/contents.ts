import { readFileSync } from "node:fs";
import { Wrong } from "./wrong.ts";

/** What is in a file; "-" is what is piped in. Throws Wrong. */
export function contentsOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error && error.code === "ENOENT" ? "there is no such file" : String(error);
    throw new Wrong(`${file} cannot be read: ${why}`);
  }
}
