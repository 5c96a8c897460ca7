import type { ApprovalNotice } from "../../core/approval.ts";
import { facts, headline } from "./wording.ts";

const CLOSING = "Nothing can be decided from this message: the page asks you to sign in.";

/** The text part. */
export function mailText(notice: ApprovalNotice, url: string): string {
  const lines = facts(notice).map((fact) => `${fact.label}: ${fact.value}`);
  return `${headline(notice)}\n\n${lines.join("\n")}\n\n${url}\n\n${CLOSING}\n`;
}

/** The HTML part: the same, readable without styles, images and scripts. */
export function mailHtml(notice: ApprovalNotice, url: string): string {
  const rows = facts(notice).map(
    (fact) => `<tr><th align="left" scope="row">${escapeHtml(fact.label)}</th><td>${escapeHtml(fact.value)}</td></tr>`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>',
    `<h1>${escapeHtml(headline(notice))}</h1>`,
    `<table cellpadding="4">${rows.join("")}</table>`,
    `<p><a href="${escapeHtml(url)}">Look at the request</a></p>`,
    `<p>${CLOSING}</p>`,
    "</body></html>",
  ].join("\n");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
