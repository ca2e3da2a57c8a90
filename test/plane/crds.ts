import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";

/** Applies the definitions in a folder of them. */
export async function applyCrds(cluster: Pick<Cluster, "apply">, folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith("-crd.yaml"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  await cluster.apply(texts.join("\n---\n"));
}
