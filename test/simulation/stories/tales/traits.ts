import { stays } from "#simulation/behaviour.ts";
import type { StrategyWritten } from "../language/setting.ts";

/** What revisions do in several tales. */
export const CRASHES = { says: "crashes", how: stays("Degraded", "a pod crashes") } as const;

/** All clusters at once, and no soak: where waves are not what a story is about. */
export const AT_ONCE: StrategyWritten = { waves: [{ name: "all" }], maxConcurrency: "100%", minSuccessTime: "0s" };
