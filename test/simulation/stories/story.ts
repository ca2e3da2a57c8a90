import type { Setting } from "./language/setting.ts";
import type { World } from "./language/world.ts";

/** A small world told in plain English. Its author writes what people and faults do, and when; what becomes of it is recorded. */
export interface Story {
  readonly title: string;
  readonly setting: Setting;
  readonly tell: (world: World) => Promise<void>;
}

export function story(title: string, setting: Setting, tell: (world: World) => Promise<void>): Story {
  return { title, setting, tell };
}

/** The name of its golden file. */
export function slug({ title }: Story): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
