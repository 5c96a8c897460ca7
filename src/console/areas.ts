import { activityArea } from "./activity/area.tsx";
import { approvalsArea } from "./approvals/approvals-area.tsx";
import type { Area } from "./area.ts";
import { policiesArea } from "./policies/policies-area.tsx";
import { sessionsArea } from "./sessions/area.tsx";
import { toolsArea } from "./tools/area.tsx";
import { upstreamsArea } from "./upstreams/area.tsx";

/** The areas of the console in the order of its navigation: approvals, activity, policies, tools, upstreams, sessions. */
export const AREAS: readonly Area[] = [
  approvalsArea,
  activityArea,
  policiesArea,
  toolsArea,
  upstreamsArea,
  sessionsArea,
];
