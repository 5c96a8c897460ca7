import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSeal } from "../../src/core/seal.ts";

const secret = randomBytes(32);
const seal = createSeal(secret, "request-state");
const payload = { for: "call", state: "s3cret" };

describe("sealed bytes", () => {
  const bytes = Buffer.from([0, 255, 128, ...Buffer.from("s3cret ü")]);
  const text = seal.sealBytes(bytes, "a");

  it("come back as they were, under their label", () => {
    expect(seal.openBytes(text, "a")).toEqual(bytes);
    expect(seal.openBytes(seal.sealBytes(Buffer.alloc(0), "a"), "a")).toEqual(Buffer.alloc(0));
    expect(Buffer.from(text.slice(3), "base64url").toString("latin1")).not.toContain("s3cret");
  });

  it.each<[what: string, open: () => unknown]>([
    ["another label", () => seal.openBytes(text, "b")],
    ["no label", () => seal.openBytes(text, "")],
    ["another purpose", () => createSeal(secret, "cookie").openBytes(text, "a")],
    ["another secret", () => createSeal(randomBytes(32), "request-state").openBytes(text, "a")],
    ["a payload", () => seal.open(text.replace("v2.", "v1."), 0)],
    ["what a payload was sealed as", () => seal.openBytes(seal.seal(payload, 1_000).replace("v1.", "v2."), "a")],
    ["bytes that were written otherwise", () => seal.openBytes(`${text}=`, "a")],
  ])("do not open as %s", (_, open) => {
    expect(open()).toBeUndefined();
  });

  it("do not open with any one bit flipped", () => {
    const sealed = Buffer.from(text.slice(3), "base64url");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(seal.openBytes(`v2.${forged.toString("base64url")}`, "a")).toBeUndefined();
    }
  });
});

describe("a seal", () => {
  it("gives back what it sealed until the time is over", () => {
    const text = seal.seal(payload, 1_000);
    expect(seal.open(text, 999)).toEqual(payload);
    expect(seal.open(text, 1_000)).toBeUndefined();
  });

  it("hides the payload", () => {
    const text = seal.seal(payload, 1_000);
    expect(Buffer.from(text.slice(3), "base64url").toString("latin1")).not.toContain("s3cret");
  });

  it("refuses a text with any one bit flipped", () => {
    const bytes = Buffer.from(seal.seal(payload, 1_000).slice(3), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(seal.open(`v1.${forged.toString("base64url")}`, 0)).toBeUndefined();
    }
  });

  it.each([
    ["another purpose", createSeal(secret, "cookie")],
    ["another secret", createSeal(randomBytes(32), "request-state")],
  ])("refuses what was sealed for %s", (_name, other) => {
    expect(seal.open(other.seal(payload, 1_000), 0)).toBeUndefined();
  });

  it.each(["", "v1.", "v1.AAAA", "v2.AAAA", "not a seal", `v1.${"A".repeat(10_000)}`])("refuses %j", (text) => {
    expect(seal.open(text, 0)).toBeUndefined();
  });
});
