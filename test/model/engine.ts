import { admitted } from "#engine/admitted.ts";
import { judge } from "#engine/judge.ts";
import { step } from "#engine/step.ts";

/** The functions under test; a test of the walk hands in broken ones. */
export interface Engine {
  readonly judge: typeof judge;
  readonly step: typeof step;
  readonly admitted: typeof admitted;
}

export const ENGINE: Engine = { judge, step, admitted };
