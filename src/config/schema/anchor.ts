import { z } from "zod";
import { httpUrl, text } from "./schema-parts.ts";

/** `audit.anchor`: one of its keys, or both. */
export const anchorSchema = z
  .strictObject({
    file: text
      .optional()
      .describe("File to which each checkpoint is added as a line of JSON, relative to this file. One per gateway."),
    webhook: z
      .strictObject({
        url: httpUrl.describe("Where to post."),
        secret: text.describe("Signs each message (Standard Webhooks)."),
      })
      .optional()
      .describe("A signed HTTP request for each checkpoint."),
  })
  .refine((value) => value.file !== undefined || value.webhook !== undefined, {
    error: "Name a file, a webhook, or both.",
  })
  .transform((value) => ({ file: value.file, webhook: value.webhook }));
