import { describe, expect, it } from "vitest";
import { redact } from "../../../src/audit/secrets/redact.ts";

/*
 * A secret goes as a whole, whatever it is made of and however it is written: nothing of it may be left behind its quotes, its
 * blanks or the signs in it. Each form with each secret.
 */

/** Nothing that has one of these may be left. */
const PARTS = /hunter2|C9x|b0b|w0rd|9dor|8Eg|c4t|m2n/;

const shown = (text: string): string => JSON.stringify(redact({ text, list: [text] }));

const table = (
  forms: Readonly<Record<string, (secret: string) => string>>,
  secrets: readonly string[],
): [name: string, text: string][] =>
  Object.entries(forms).flatMap(([name, write]) =>
    secrets.map((secret): [string, string] => [`${name}: ${secret}`, write(secret)]),
  );

/** As it may stand in quotes. */
const QUOTABLE = [
  "hunter2",
  "hunter2 b0b",
  "a hunter2",
  "a1,b0b;C9x",
  "p@ss:w0rd",
  "Q7)w8Eg",
  "k9]m2n{c4t",
  "Tr&9dor|b0b",
  "b0b\\C9x",
];
/** As it may stand without. */
const BARE = ["hunter2", "a1,b0b", "a1;b0b", "a1;b0b,C9x", "Ab1&b0b", "a1\\b0b", "p@ss:w0rd", "Tr0u&9dor", "x\"y'c4t"];

const WORDS: Readonly<Record<string, (word: string) => string>> = {
  "a short option": (word) => `mysql -u root -p${word} db`,
  "the word behind one": (word) => `sshpass -p ${word} ssh h`,
  "behind a sign in it": (word) => `curl -u ann:${word} https://x.example`,
  "glued to it": (word) => `redis-cli -a${word} ping`,
  "a place": (word) => `htpasswd -bc f ann ${word}`,
  "what is piped": (word) => `echo ${word} | docker login --password-stdin`,
  "what is handed over": (word) => `chpasswd <<< ${word}`,
  "a named option": (word) => `login --password ${word} -v`,
  "one with a sign": (word) => `login --password=${word} -v`,
  "an assignment": (word) => `PASSWORD=${word} ./run`,
  "a command within": (word) => `X=$(mysql -p${word} -e 1)`,
  "on the next line": (word) => `sshpass -p \\\n  ${word} ssh h`,
  "a name on the line before": (word) => `password=\\\n${word}\n`,
  "a text given to a name": (word) => `read -s password <<< ${word}`,
};

/** Of what is substituted, a shell knows the words and a reader only where they are bound to. */
const { "a place": _place, "what is piped": _piped, ...OPTIONS } = WORDS;

describe("a word of a shell", () => {
  it.each([
    ...table(
      WORDS,
      QUOTABLE.map((secret) => `'${secret}'`),
    ),
    ...table(
      WORDS,
      QUOTABLE.map((secret) => `"${secret.replace(/\\/g, "\\\\")}"`),
    ),
    // Pieces that touch are one word.
    ...table(WORDS, ["'hunter2'\\''b0b'", "hunter2\"b0b C9x\"'c4t'", "'hunter2 b0b'C9x", "$'hunter2\\'b0b C9x'"]),
    ...table(OPTIONS, [
      "$(echo hunter2 b0b)",
      "`echo hunter2 b0b`",
      '"$(echo "hunter2 b0b" C9x)"',
      "$(cat <<E\nhunter2)b0b\nE\n)C9x",
    ]),
  ])("%s", (_name, text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });

  it.each([
    "password=<(echo hunter2 b0b)",
    "password<<EOF\nhunter2\nb0b\nEOF",
    "cat <<'EOF' > password\nhunter2 b0b\nC9x\nEOF\n",
    "PASSWORD=$(cat <<EOF\nhunter2)b0b\nEOF\n)",
    'ssh h "mysql -p\\"hunter2 b0b\\" db"',
    "bash -c \"mysql -p'hunter2 b0b' db\"",
    '{"a": "x y", "cmd": "mysql -phunter2 z"}',
    "I can't say: mysql -p'hunter2 b0b', don't",
    "mysql -phunter2 db; don't",
    "mysql -pa1;b0b db",
  ])("%s", (text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });

  it("leaves what is behind it", () => {
    expect(shown("mysql -p'hunter2 b0b' shop")).toContain("mysql -p'[redacted]' shop");
    expect(shown("password<<EOF\nhunter2\nEOF\nls")).toContain("EOF\\nls");
    expect(shown('psql "host=h password=hunter2" -c "select 1"')).toContain("select 1");
  });
});

describe("a literal of SQL", () => {
  const forms: Readonly<Record<string, (literal: string) => string>> = {
    PASSWORD: (literal) => `CREATE ROLE a LOGIN PASSWORD ${literal} VALID UNTIL 'infinity'`,
    "IDENTIFIED BY": (literal) => `CREATE USER a IDENTIFIED BY ${literal} ACCOUNT LOCK`,
    REPLACE: (literal) => `ALTER USER a IDENTIFIED BY 'x' REPLACE ${literal}`,
    "SET PASSWORD": (literal) => `SET PASSWORD FOR 'a'@'10.0.0.1' = ${literal}`,
    "SET PASSWORD of a name": (literal) => `SET PASSWORD FOR a = PASSWORD(${literal})`,
    "a login": (literal) => `ALTER LOGIN a WITH PASSWORD = ${literal}`,
    "a column": (literal) => `UPDATE u SET password = ${literal} WHERE id = 1`,
    "a procedure": (literal) => `EXEC sp_addlogin 'a', ${literal}`,
  };
  const literals = [
    "'hunter2'",
    "'hunter2 b0b'",
    "'hunter2''b0b C9x'",
    "N'hunter2 b0b'",
    "'hunter2;b0b'",
    "$$hunter2 b0b$$",
  ];
  it.each(table(forms, literals))("%s", (_name, text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });
});

describe("a value behind its name", () => {
  const forms: Readonly<Record<string, (secret: string) => string>> = {
    "a line": (secret) => `DB_PASSWORD=${secret}`,
    "of several": (secret) => `A=1\nDB_PASSWORD=${secret}\nB=2`,
    "a colon": (secret) => `password: ${secret}`,
    "before another": (secret) => `new password: ${secret}, old password: ${secret}`,
    "a remark": (secret) => `Password (new): ${secret}`,
    "of a connection": (secret) => `Server=x;Password=${secret};Db=y`,
    "a sentence": (secret) => `the password is ${secret}`,
    "a mail": (secret) => `${secret.replace(/["' ]/g, "")} is the password`,
    credentials: (secret) => `creds: ann:${secret}`,
  };
  it.each(table(forms, BARE))("%s", (_name, text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });

  it("of two words, where the first is none", () => {
    for (const text of ["password: corr3ct b0b", "Password: corr3ct b0b, thanks", "Server=x;Password=corr3ct b0b;Db=y"])
      expect(shown(text)).not.toMatch(PARTS);
  });

  it.each([
    `password = "hunter2" if x == "y" else "b0b"`,
    `password = x ? 'hunter2' : 'b0b'`,
    `password = x === "y"\n  ? "hunter2"\n  : "b0b";`,
    `password = process.env['PW'] ?? "hunter2"`,
    `password = process.env.PW || "hunter2"`,
    `password = os.getenv('PW') or 'hunter2'`,
    `password = 'hunter2' 'b0b'`,
    `password = f("x)", 'hunter2')`,
    `password = ["a1", "hunter2"].join("b0b")`,
    `passwords: [k9]m2n, "hunter2"]`,
    `el.send_keys("hunter2") # password`,
    `page.type('hunter2 b0b'); // the password`,
    `password p@ss:w0rd`,
  ])("in code: %s", (text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });

  it("ends where another name begins", () => {
    expect(shown("password=hunter2&page=1")).toContain("[redacted]&page=1");
    expect(shown("password=hunter2,user=ann;host=h")).toContain("[redacted],user=ann;host=h");
    expect(shown('{\\"password\\":\\"hunter2\\",\\"n\\":1}')).toContain("n");
    expect(shown("password: hunter2\\nuser: ann")).toContain("user: ann");
  });
});

describe("the password before a host", () => {
  it.each([
    "ann:hunter2@host:5432/db",
    "http_proxy=ann:hunter2@proxy:3128",
    "https_proxy=ann:hunter2@proxy",
    "--proxy ann:hunter2@proxy:3128",
    "curl -x ann:p@hunter2@10.0.0.1:3128 u",
    "redis_url: ann:hunter2@h",
    "DSN=ann:hunter2@tcp(h:3306)/db",
    "amqp://ann:hunter2/b0b@host",
    "postgres://ann:hunter2 b0b@h/db",
    "mongodb+srv://ann:a1@hunter2@h",
  ])("%s", (text) => {
    expect(shown(text)).not.toMatch(PARTS);
  });

  it.each([
    "mail to ann@acme.com:25",
    "mailto:ann@acme.com",
    "from:ann@acme.com to:bob@acme.com",
    "image: nginx:1.25@sha256:abc",
    "docker pull acme/x:1.2@sha256:abcdef0123",
    "git@github.com:acme/x.git",
    "scp a ann@h:/srv",
    "meet at 10:30@room",
    "npm i foo@1.2.3",
    "go get x.y/z@v1.2.3",
    "http://host:8080/a@b",
    "https://medium.com:443/@ann/x",
  ])("%s stays", (text) => {
    expect(redact({ text })).toEqual({ text });
  });
});

describe("a code that is good once", () => {
  it.each([
    "2FA code: 482913",
    "OTP 482913",
    "TAN: 482913",
    "mTAN 482913",
    "Your verification code is 482913",
    "Your verification code is 482913.",
    "The OTP for Acme: 482913",
    "sms code = '482913'",
    "use 482913 as your login code",
    "482913 is your Acme verification code",
    "code 482913 is your otp",
    "Your Acme code is 482913",
    "Your access code: A482913",
    "MFA code 482913 expires in 10 minutes",
  ])("%s", (text) => {
    expect(shown(text)).not.toContain("482913");
    expect(shown(text.replace(" 482913", " 482 913"))).not.toMatch(/482|913/);
  });

  it.each([
    "country code 4930",
    "your zip code is 12345",
    "error code 5003",
    "status code: 404",
    "verification code has 6 digits since 2026",
    "login code path: 4 files",
    "MFA rollout 2026",
    "the 2FA ticket 12345678 is open",
  ])("%s stays", (text) => {
    expect(redact({ text })).toEqual({ text });
  });
});
