import { counted, grouped } from "../../core/counted.ts";
import type { PolicyView } from "../../operations/policies/policies.ts";
import { Badge } from "../components/badge.tsx";
import { callsLink } from "../policy-words/links.ts";
import { EFFECT_WORDS } from "../policy-words/words.ts";

/** What a policy does, and whether it does so now. */
export function PolicyBadges({ policy }: { readonly policy: Pick<PolicyView, "effect" | "shadow" | "enabled"> }) {
  const { word, tone } = EFFECT_WORDS[policy.effect];
  return (
    <span class="badges">
      <Badge tone={policy.shadow || !policy.enabled ? "calm" : tone}>{word}</Badge>
      {policy.enabled && policy.shadow ? <Badge tone="calm">shadow</Badge> : null}
      {policy.enabled ? null : <Badge tone="calm">disabled</Badge>}
    </span>
  );
}

const WOULD: Readonly<Record<PolicyView["effect"], string>> = {
  hide: "hidden",
  deny: "denied",
  step_up: "asked for a sign-in",
  request_approval: "asked for approval",
  allow: "allowed",
  rate_limit: "counted",
  redact: "redacted",
  authorize: "asked about",
  guard: "looked at",
  transform: "transformed",
};

/** How often a policy matched within the last day, leading to those calls. */
export function Matches({ policy }: { readonly policy: PolicyView }) {
  const { applied, shadow } = policy.matches;
  if (applied + shadow === 0) return <span class="soft">none</span>;
  return (
    <a href={callsLink(policy.id)}>
      {applied > 0 ? counted(applied, "call") : null}
      {applied > 0 && shadow > 0 ? "; " : null}
      {shadow > 0 ? `would have ${WOULD[policy.effect]} ${grouped(shadow)}` : null}
    </a>
  );
}
