import type { JsonObject } from "../../core/json.ts";
import { knownAs } from "../../core/known-as.ts";
import type { SessionView } from "../../core/live-sessions.ts";
import { Badge } from "../components/badge.tsx";
import { ForeignText } from "../components/foreign-text.tsx";

/** Longest name that is shown without a click. */
const FOLD = 80;

/** Whose session it is. */
export function SessionHolder({ session }: { readonly session: Pick<SessionView, "issuer" | "email" | "subject"> }) {
  return <ForeignText text={knownAs(session)} fold={FOLD} />;
}

/** The client's program as it calls itself. */
export function SessionClient({ info }: { readonly info: JsonObject }) {
  const told = [textOf(info["title"]) || textOf(info["name"]), textOf(info["version"])].filter((text) => text !== "");
  return told.length === 0 ? "unnamed" : <ForeignText text={told.join(" ")} fold={FOLD} />;
}

/** Whether it is there right now, and how busy. */
export function Presence({ session }: { readonly session: Pick<SessionView, "connected" | "inFlight"> }) {
  const { connected, inFlight } = session;
  if (inFlight > 0)
    return <Badge tone="good">{inFlight === 1 ? "1 call in flight" : `${inFlight} calls in flight`}</Badge>;
  return connected ? <Badge tone="good">connected</Badge> : <Badge tone="calm">idle</Badge>;
}

/** The path at which it is served. */
export function endpointPath(endpoint: string): string {
  return endpoint === "" ? "/mcp" : `/mcp/${endpoint}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
