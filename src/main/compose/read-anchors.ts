import { createSignedPost } from "../../approvals/notify/webhook.ts";
import { type Anchor, createAnchor } from "../../audit/checkpoints/anchor.ts";
import { appendToAnchor, touchAnchor } from "../../audit/checkpoints/anchor-file.ts";
import type { SignedCheckpoint } from "../../audit/checkpoints/statement.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { Log } from "../../core/log.ts";

/** The anchors of the audit, or which of them cannot be used, ready to print. */
export type Anchoring =
  | { readonly ok: true; readonly anchors: readonly Anchor[] }
  | { readonly ok: false; readonly error: string };

interface AnchorDeps {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Makes the anchors of `audit.anchor`. A file that cannot be written is found now: nobody would look for it later. */
export function readAnchors(options: Config["audit"]["anchor"], deps: AnchorDeps): Anchoring {
  const anchors: Anchor[] = [];
  try {
    if (options?.file !== undefined) anchors.push(fileAnchor(options.file, deps));
    if (options?.webhook !== undefined) anchors.push(webhookAnchor(options.webhook, deps));
  } catch (err) {
    return { ok: false, error: `audit.anchor: ${err instanceof Error ? err.message : "it cannot be used."}` };
  }
  return { ok: true, anchors };
}

function fileAnchor(path: string, { log }: AnchorDeps): Anchor {
  touchAnchor(path);
  return createAnchor({
    name: "file",
    log,
    async send(checkpoint) {
      try {
        await appendToAnchor(path, checkpoint);
        return { ok: true };
      } catch (err) {
        return { ok: false, error: err instanceof Error ? err.message : "the file cannot be written" };
      }
    },
  });
}

function webhookAnchor(options: { readonly url: string; readonly secret: string }, { log, now }: AnchorDeps): Anchor {
  const posts = createSignedPost({ ...options, headers: {} }, now);
  return createAnchor({
    name: "webhook",
    log,
    send: (checkpoint, signal) =>
      posts.send(`audit_${checkpoint.seq}_${checkpoint.reason}`, bodyOf(checkpoint), signal),
  });
}

function bodyOf(checkpoint: SignedCheckpoint): string {
  return JSON.stringify({ type: "audit.checkpoint", timestamp: checkpoint.at, data: checkpoint });
}
