import type { Story } from "../story.ts";
import { actions } from "./actions.ts";
import { analyses } from "./analyses.ts";
import { approvals } from "./approvals.ts";
import { argocd } from "./argocd.ts";
import { capacity } from "./capacity.ts";
import { crashes } from "./crashes.ts";
import { failures } from "./failures.ts";
import { gates } from "./gates.ts";
import { membership } from "./membership.ts";
import { owners } from "./owners.ts";
import { unreachable } from "./unreachable.ts";
import { waves } from "./waves.ts";
import { wishes } from "./wishes.ts";

export const STORIES: readonly Story[] = [
  ...waves,
  ...failures,
  ...unreachable,
  ...argocd,
  ...owners,
  ...crashes,
  ...wishes,
  ...actions,
  ...membership,
  ...capacity,
  ...approvals,
  ...analyses,
  ...gates,
];
