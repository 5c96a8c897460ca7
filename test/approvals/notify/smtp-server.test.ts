import { describe, expect, it } from "vitest";
import { smtpServer } from "../../../src/approvals/notify/smtp-server.ts";

describe("the URL of a mail server", () => {
  const auth = { user: "ann@acme.example", pass: "p/w:1" };
  const login = "ann%40acme.example:p%2Fw%3A1@";
  it.each([
    ["smtp://mail.example", { host: "mail.example", port: 587, secure: false, requireTLS: false }],
    ["smtps://mail.example", { host: "mail.example", port: 465, secure: true, requireTLS: false }],
    ["smtp://mail.example:2525/", { host: "mail.example", port: 2525, secure: false, requireTLS: false }],
    [`smtp://${login}mail.example`, { host: "mail.example", port: 587, secure: false, requireTLS: true, auth }],
    [`smtps://${login}mail.example`, { host: "mail.example", port: 465, secure: true, requireTLS: false, auth }],
    [`smtp://${login}localhost`, { host: "localhost", port: 587, secure: false, requireTLS: false, auth }],
    [`smtp://${login}127.0.0.1`, { host: "127.0.0.1", port: 587, secure: false, requireTLS: false, auth }],
    [`smtp://${login}[::1]:25`, { host: "::1", port: 25, secure: false, requireTLS: false, auth }],
    [`smtp://${login}127.evil.example`, { host: "127.evil.example", port: 587, secure: false, requireTLS: true, auth }],
    [
      "smtp://mail.example?tls.rejectUnauthorized=false&logger=true&debug=true",
      { host: "mail.example", port: 587, secure: false, requireTLS: false },
    ],
  ])("%s is read", (url, expected) => {
    expect(smtpServer(url)).toEqual(expected);
  });

  it.each(["", "mail.example:587", "http://secret-canary@mail.example", "smtp://", "smtp:mail.example"])(
    "%j is refused, and not repeated",
    (url) => {
      expect(() => smtpServer(url)).toThrow(/^A mail server is written smtp:/);
    },
  );
});
