import { z } from "zod";
import { headers, httpUrl, text } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

const timeout = duration({ min: "50ms", max: "60s" })
  .prefault("2s")
  .describe("How long a question may take, waiting for its turn included. Then it counts as failed.");

const maxBytes = size({ min: "1KB", max: "16MB" })
  .prefault("1MB")
  .describe("How large a question and an answer may be. What is larger counts as failed.");

/** One entry of `guards:`; exactly one of its keys. */
export const guardSchema = z
  .strictObject({
    webhook: z
      .strictObject({
        url: httpUrl.describe("Where to post."),
        secret: text.describe("Signs each question (Standard Webhooks)."),
        headers: headers.default({}).describe("Headers to send along."),
        timeout,
        max_bytes: maxBytes,
      })
      .transform(({ timeout: timeoutMs, max_bytes, ...rest }) => ({ ...rest, timeoutMs, maxBytes: max_bytes }))
      .optional()
      .describe("A signed HTTP request for each question."),
  })
  .refine((value) => Object.keys(value).length === 1, { error: "Write webhook." })
  .transform((value) => ({ webhook: value.webhook }));
