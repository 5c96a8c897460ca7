import { z } from "zod";
import { headers, httpUrl, label, text } from "./schema-parts.ts";
import { duration } from "./units.ts";

const approvers = z
  .strictObject({
    roles: z.array(text).default([]).describe("Anybody with one of these roles."),
    users: z.array(text).default([]).describe("These people, by e-mail address or subject."),
  })
  .refine((value) => value.roles.length + value.users.length > 0, { error: "Name at least one role or user." });

const stage = z
  .strictObject({
    approvers: approvers.describe("Who may approve."),
    required: z.int().min(1).max(20).default(1).describe("How many of them must approve."),
    escalate: z
      .strictObject({
        after: duration({ min: "1m", max: "30d" }).describe("How long nobody may have decided."),
        to: approvers.describe("Who may approve then, too."),
      })
      .transform((value) => ({ afterMs: value.after, to: value.to }))
      .optional()
      .describe("Widens the circle when nobody decides."),
  })
  .transform((value) => ({ approvers: value.approvers, required: value.required, escalate: value.escalate }));

/** One entry of `approval_flows:`. */
export const flowSchema = z
  .strictObject({
    description: text.optional().describe("What the flow is for; approvers see it."),
    stages: z.array(stage).min(1).max(10).describe("Stages, one after the other."),
    pending_ttl: duration({ min: "5m", max: "30d" })
      .prefault("24h")
      .describe("An undecided request expires after so long; it is then rejected, never approved."),
    execute_ttl: duration({ min: "1m", max: "7d" }).prefault("1h").describe("How long an approved call may be run."),
    requester_may_approve: z.boolean().default(false).describe("Whether the requester may be one of the approvers."),
    reason: z.enum(["never", "on_reject", "always"]).default("on_reject").describe("When a decision needs a reason."),
    execute: z
      .enum(["on_request", "on_approval"])
      .default("on_request")
      .describe("on_request: the agent's next call runs it. on_approval: the gateway runs it at once."),
    notify: z.array(label).default([]).describe("Notifiers that tell the approvers."),
  })
  .transform((flow) => ({
    description: flow.description,
    stages: flow.stages,
    pendingTtlMs: flow.pending_ttl,
    executeTtlMs: flow.execute_ttl,
    requesterMayApprove: flow.requester_may_approve,
    reason: flow.reason,
    execute: flow.execute,
    notify: flow.notify,
  }));

/** One entry of `notifiers:`; exactly one of its keys. */
export const notifierSchema = z
  .strictObject({
    webhook: z
      .strictObject({
        url: httpUrl.describe("Where to post."),
        secret: text.describe("Signs each message (Standard Webhooks)."),
        headers: headers.default({}).describe("Headers to send along."),
      })
      .optional()
      .describe("A signed HTTP request."),
    slack: z
      .strictObject({ url: httpUrl.describe("URL of an incoming webhook.") })
      .optional()
      .describe("A message to a Slack channel."),
    email: z
      .strictObject({
        smtp: text.describe("smtp:// or smtps:// URL of the mail server, credentials included."),
        from: text.describe("Sender's address."),
        to: z.array(text).default([]).describe("Fixed recipients. Default: the stage's approvers."),
      })
      .optional()
      .describe("An e-mail."),
  })
  .refine((value) => Object.keys(value).length === 1, { error: "Write exactly one of webhook, slack and email." })
  .transform((value) => ({ webhook: value.webhook, slack: value.slack, email: value.email }));

/** `step_up:`, how callers authenticate again. */
export const stepUpSchema = z
  .strictObject({
    oidc: z
      .strictObject({
        issuer: httpUrl.describe("Identity provider that signs people in again."),
        client_id: text.describe("The gateway's client id there."),
        client_secret: text.optional().describe("The gateway's secret there. Without it the client is public."),
        scopes: z
          .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: "A scope has no spaces." }))
          .default([])
          .describe("What to ask for besides openid, if the subject claim or the acr need it."),
        subject_claim: text
          .default("sub")
          .describe(
            "The claim of access and ID token that says who somebody is. Another than sub if that is pairwise.",
          ),
        acr_claim: text
          .default("acr")
          .describe("The claim of the ID token that names the authentication context: acrs with Microsoft Entra."),
        clock_tolerance: duration({ min: "0s", max: "5m" }).prefault("5s").describe("Tolerated difference of clocks."),
      })
      .transform((oidc) => ({
        issuer: oidc.issuer,
        clientId: oidc.client_id,
        clientSecret: oidc.client_secret,
        scopes: oidc.scopes,
        subjectClaim: oidc.subject_claim,
        acrClaim: oidc.acr_claim,
        clockToleranceMs: oidc.clock_tolerance,
      }))
      .describe("The OpenID provider of the round trip."),
    ttl: duration({ min: "10s", max: "24h" })
      .prefault("5m")
      .describe("How long a stronger sign-in counts. Policies may say less."),
  })
  .transform((value) => ({ oidc: value.oidc, ttlMs: value.ttl }));
