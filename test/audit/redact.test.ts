import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACT_LIMITS, REDACTED, redact } from "../../src/audit/secrets/redact.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";

describe("values under a key that names a secret are taken out", () => {
  it.each([
    ...["password", "db_password", "PASSWD", "pwd", "passphrase", "secret", "clientSecret", "token", "access_token"],
    ...["refreshToken", "apiKey", "api-key", "X-Api-Key", "AWS_SECRET_ACCESS_KEY", "authorization", "auth", "Cookie"],
    ...["pin_number", "userPin", "new_pin", "pins", "otp_code", "mfa_code", "2fa", "pass", "pw", "pswd", "creds"],
    ...["mnemonic", "card_verification", "ｐａｓｓｗｏｒｄ", "pässword"],
    ...[
      "userpass",
      "dbPass",
      "master_key",
      "sshKey",
      "ssh_keys",
      "wifi_key",
      "license_key",
      "account-key",
      "psk",
      "hmac",
    ],
    ...["access_code", "verificationCode", "unlock_code", "door_code", "recovery_code", "backup_codes", "card_code"],
    ...["pat", "github_pat", "GITHUB_PAT", "basic_auth", "snmp_community", "csrf", "security_answer", "maidenName"],
    ...[
      "contraseña",
      "senha",
      "kennwort",
      "Kennwort_neu",
      "mot_de_passe",
      "motDePasse",
      "wachtwoord",
      "salasana",
      "hasło",
    ],
    ...["пароль", "密码", "パスワード", "비밀번호", "κωδικός", "stringData"],
    // Cyrillic and Greek letters that look like Latin ones, and what nobody sees.
    ...["раssword", "рassword", "passwоrd", "tοken", "ΤΟΚΕΝ", "sеcret", "ѕесrеt", "userРin", "pass\u200bword", "ріn"],
    ...["set-cookie", "credentials", "private_key", "jwt", "otp", "pin", "cvv", "ssn", "connectionString"],
  ])("%s", (key) => {
    expect(redact({ [key]: "x" })).toEqual({ [key]: REDACTED });
    expect(redact({ outer: [{ [key]: { deep: ["x"] } }] })).toEqual({ outer: [{ [key]: REDACTED }] });
    expect(redact({ [key]: 1234 })).toEqual({ [key]: REDACTED });
  });

  it("what follows a sentence about one stays", () => {
    const lines = ["I forgot my password.", "Please help me."];
    expect(redact({ lines })).toEqual({ lines });
  });

  it("a name that is longer than what is shown of it", () => {
    expect(Object.values(redact({ [`${"x_".repeat(50)}password`]: "x" }))).toEqual([REDACTED]);
  });

  it("whether there is one may be seen", () => {
    expect(redact({ password: null, token: true, secret: "" })).toEqual({ password: null, token: true, secret: "" });
  });

  it("a secret named by its neighbour is one too", () => {
    expect(redact({ env: [{ name: "DB_PASSWORD", value: "x" }] })).toEqual({
      env: [{ name: "DB_PASSWORD", value: REDACTED }],
    });
    const other = { Name: "DB_PASSWORD", Value: "x" };
    expect(redact({ other })).toEqual({ other: { ...other, Value: REDACTED } });
    expect(redact({ field: "password", content: "x" })).toEqual({ field: "password", content: REDACTED });
    expect(redact({ env: [["DB_PASSWORD", "x"]] })).toEqual({ env: [["DB_PASSWORD", REDACTED]] });
    expect(redact({ argv: ["login", "--password", "x", "-v"] })).toEqual({
      argv: ["login", "--password", REDACTED, "-v"],
    });
  });
});

describe("a secret that something beside it names is taken out", () => {
  it.each<[Record<string, Json>, string]>([
    [{ element: "Password field", ref: "e12" }, "text"],
    [{ selector: "#login input[name='pin']" }, "text"],
    [{ selector: "#password" }, "value"],
    [{ label: "Card number" }, "value"],
    [{ id: "password", page: 3 }, "val"],
    [{ attribute: "userPassword" }, "values"],
    [{ column: "password" }, "data"],
    [{ field: "password" }, "new_value"],
    [{ prop: "password" }, "content"],
    [{ header: "Authorization" }, "contents"],
    [{ variable: "DB_PASSWORD" }, "value"],
    [{ setting: "smtp_pass" }, "value"],
    [{ type: "password" }, "text"],
    [{ op: "replace", path: "/password" }, "value"],
    [{ op: "add", path: "/user/0/password" }, "value"],
    [{ ParameterKey: "DbPassword" }, "ParameterValue"],
    [{ fieldName: "pin" }, "fieldValue"],
    [{ kind: "Secret", apiVersion: "v1", metadata: { name: "x" } }, "data"],
    [{ kind: "Secret" }, "stringData"],
    [{ label: "раssword" }, "value"],
  ])("%j: %s", (around, key) => {
    for (const value of ["x", 4821, ["x"], { a: "x" }]) {
      expect(redact({ list: [{ ...around, [key]: value }] })).toEqual({ list: [{ ...around, [key]: REDACTED }] });
    }
  });

  it("where an account is named, what looks like its number", () => {
    expect(redact({ label: "From account", value: "12345678" })).toEqual({ label: "From account", value: REDACTED });
    expect(redact({ label: "From account", value: "savings" })).toEqual({ label: "From account", value: "savings" });
  });

  it.each<[Json, Json]>([
    [
      { columns: ["user", "password"], rows: [["a", "x"], ["b", ["x"]], ["c"]] },
      { columns: ["user", "password"], rows: [["a", REDACTED], ["b", REDACTED], ["c"]] },
    ],
    [
      { columns: [{ name: "password", type: "text" }, { name: "user" }], rows: [["x", "a"]] },
      { columns: [{ name: "password", type: "text" }, { name: "user" }], rows: [[REDACTED, "a"]] },
    ],
    [
      { names: ["user", "pin"], values: ["a", 4821] },
      { names: ["user", "pin"], values: ["a", REDACTED] },
    ],
    [
      {
        range: "A1",
        values: [
          ["id", "user", "password"],
          [1, "a", "x"],
          [2, "b", "x"],
        ],
      },
      {
        range: "A1",
        values: [
          ["id", "user", "password"],
          [1, "a", REDACTED],
          [2, "b", REDACTED],
        ],
      },
    ],
    [
      {
        headers: [
          ["Authorization", "x"],
          ["Accept", "text/plain"],
        ],
      },
      {
        headers: [
          ["Authorization", REDACTED],
          ["Accept", "text/plain"],
        ],
      },
    ],
    [
      {
        env: [
          ["pin", 4821],
          ["contraseña:", "x"],
        ],
      },
      {
        env: [
          ["pin", REDACTED],
          ["contraseña:", REDACTED],
        ],
      },
    ],
  ])("by the heading of its column: %j", (given, expected) => {
    expect(redact({ deep: given })).toEqual({ deep: expected });
  });

  it.each<[Record<string, Json>]>([
    [{ element: "Search field", ref: "e12", text: "shoes" }],
    [{ path: "src/auth/token.ts", content: "export const a = 1;" }],
    [{ type: "password_reset", data: { user: "ann" } }],
    [{ title: "Rotate the API token", body: "It is old.", labels: ["ui", "auth"], assignees: ["ann", "bob"] }],
    [{ kind: "ConfigMap", data: { color: "red" } }],
    [{ id: "c-1001", name: "Ann", value: 7, data: { code: "EUR" } }],
    [{ op: "replace", path: "/status", value: "open" }],
    [{ columns: ["user", "amount"], rows: [["a", 12.5]] }],
    [{ field: "status", operator: "eq", value: "open" }],
    [{ code: "EUR", id: 4711, data: "plain", values: [1, 2, 3] }],
    [{ years: [2019, 2020, 2021, 2022], scores: [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] }],
  ])("%j stays", (value) => {
    expect(redact(value)).toEqual(value);
  });
});

describe("the number of a card or an account goes by the name of its key", () => {
  it.each([
    ...[
      "pan",
      "PAN",
      "card_pan",
      "panNumber",
      "card_number",
      "cardNo",
      "creditCardNumber",
      "credit_card",
      "iban",
      "IBAN",
    ],
    ...["payee_iban", "ibanFrom", "account_number", "accountNumber", "accountNo", "acct_no", "bank-account-number"],
    ...["routing_number", "routingNumber", "sort_code", "sortCode", "sortcode", "bsb", "aba", "cvv", "cvv2", "cvc"],
    ...["security_code", "tax_id", "taxId", "taxpayer_id", "vat_number", "passport_number", "passport", "national_id"],
    ...["ssn", "SSN", "social_security_number", "drivers_license", "bban", "steuernummer", "Steuer-Nr", "aadhaar"],
    ...[
      "nhs_number",
      "nino",
      "ni_number",
      "cpf",
      "pesel",
      "bsn",
      "curp",
      "acno",
      "from_acno",
      "accNo",
      "kontonummer",
      "KontoNr",
    ],
    ...["kreditkartennummer", "numero_de_cuenta", "аccount_number"],
  ])("%s, whatever it is", (key) => {
    expect(redact({ [key]: "x" })).toEqual({ [key]: REDACTED });
    expect(redact({ list: [{ [key]: 12 }] })).toEqual({ list: [{ [key]: REDACTED }] });
    expect(redact({ env: [{ name: key, value: "x" }] })).toEqual({ env: [{ name: key, value: REDACTED }] });
  });

  it.each([
    ...[
      "account",
      "from_account",
      "toAccount",
      "debit_account",
      "bankAccount",
      "account_id",
      "acct",
      "card",
      "card_id",
    ],
    ...["accounts", "cards", "routing", "konto", "cuenta", "social", "sin", "dni"],
  ])("%s, where it looks like such a number, and not where it is a name", (key) => {
    for (const number of ["12345678", 12345678, "1234 5678", "12-34-56 12345678", "DE12 3456 7890", "４１１１１１"]) {
      expect(redact({ [key]: number })).toEqual({ [key]: REDACTED });
      expect(redact({ [key]: [number] })).toEqual({ [key]: [REDACTED] });
      expect(redact({ [key]: { number } })).toEqual({ [key]: { number: REDACTED } });
    }
    for (const name of ["acme", "ann@acme.com", "c-1001", "acct_1NabcXyZkYlo", 7, 1234, "Visa 4242", null, true, ""]) {
      expect(redact({ [key]: name })).toEqual({ [key]: name });
    }
  });

  it.each([
    ...["company", "panel", "japan", "span", "expand", "account_type", "accountType", "accounts_count", "account_name"],
    ...["account_balance", "account_status", "account_currency", "card_type", "cards_count", "board_card_title"],
    ...["discount_number", "taxidermy", "taliban", "caliban", "routing_mode", "sort", "sort_by", "sorting", "cardinal"],
    ...["discard", "wildcard", "postcard", "number", "id", "no", "code", "abase", "panorama", "accountability"],
    ...["key", "keys", "sort_key", "primaryKey", "issue_key", "public_key_id", "foreign_key", "keyword", "keyboard"],
    ...["country_code", "currencyCode", "zip_code", "postal_code", "status_code", "exit_code", "source_code", "codec"],
    ...["language_code", "product_code", "patch", "path", "pattern", "patient", "community", "compass", "passenger"],
    ...["data", "text", "value", "element", "label", "selector", "hasLocation", "social_media", "singular", "using"],
    ...["имя", "сумма", "όνομα", "名前", "größe", "año", "prénom", "ключевое"],
  ])("%s says nothing of the kind", (key) => {
    for (const value of ["checking", 1234567, "2026-11-30", 12.5])
      expect(redact({ [key]: value })).toEqual({ [key]: value });
  });
});

describe("the number of a card or an account goes wherever it stands", () => {
  it.each([
    ["a card in a sentence", "charge 4111 1111 1111 1111 please", `charge ${REDACTED} please`],
    ["a card in one piece", "4111111111111111", REDACTED],
    ["a card with dashes", "5500-0000-0000-0004", REDACTED],
    ["a card in full-width digits", "４１１１１１１１１１１１１１１１", REDACTED],
    ["a card with zero-width spaces", "4111\u200b1111\u200b1111\u200b1111", REDACTED],
    ["an account in a sentence", "to DE89 3704 0044 0532 0130 00, today", `to ${REDACTED}, today`],
    ["an account in one piece", "GB29NWBK60161331926819", REDACTED],
    ["a social security number", "it says 123-45-6789", `it says ${REDACTED}`],
    ["a card on a magnetic stripe", "%B4111111111111111^DOE/JOHN^2512", `%B${REDACTED}^DOE/JOHN^2512`],
    ["a card with low lines", "4111_1111_1111_1111", REDACTED],
    ["a card between letters", "ref4111111111111111x", `ref${REDACTED}x`],
    ["a card with decimals", "4111111111111111.5", `${REDACTED}.5`],
    ["two of them", "4111111111111111 and DE89370400440532013000", `${REDACTED} and ${REDACTED}`],
  ])("%s", (_what, text, expected) => {
    expect(redact({ note: text })).toEqual({ note: expected });
    expect(redact({ list: [{ deep: text }] })).toEqual({ list: [{ deep: expected }] });
    expect(redact({ [text]: 1 })).toEqual({ [expected]: 1 });
  });

  it("also as a number", () => {
    expect(redact({ value: 4111111111111111 })).toEqual({ value: REDACTED });
  });

  it.each<[Json[], Json[]]>([
    [
      ["4111", "1111", "1111", "1111"],
      [REDACTED, REDACTED, REDACTED, REDACTED],
    ],
    [
      [4111, 1111, 1111, 1111],
      [REDACTED, REDACTED, REDACTED, REDACTED],
    ],
    [
      ["Visa", "4111 1111", "1111 1111", "12/27"],
      ["Visa", REDACTED, REDACTED, "12/27"],
    ],
    [
      ["4111", "1111", "x", "1111", "1111"],
      ["4111", "1111", "x", "1111", "1111"],
    ],
  ])("over the items of one list: %j", (list, expected) => {
    expect(redact({ list })).toEqual({ list: expected });
  });

  it("and where a caller writes nothing but digits, what is beyond a bound is hidden without a look", () => {
    const digits = "12 34 ".repeat(130);
    const shown = redact({ list: Array.from({ length: 50 }, () => digits), note: "fine" });
    expect(shown).toMatchObject({ note: "fine" });
    const texts = new Set(JSON.parse(JSON.stringify(shown["list"])));
    expect(texts).toEqual(new Set([`${digits.slice(0, 200)}… [780 characters]`, REDACTED]));
  });

  it("and what a record is for stays: who, where, when, how much", () => {
    const value = {
      to: "ann@acme.com",
      phone: "+49 30 901820",
      order: "1234567890123",
      at: "2026-11-30T02:15:00.000Z",
      ms: 1_790_000_000_000,
      uuid: "0b6f1f0e-5c1a-4b1e-9d55-0d3f3a1f2c11",
      amounts: [1_000_000, 12.5, "1,234,567.89"],
      address: "12345 Berlin, Unter den Linden 77",
      isbn: "978-3-16-148410-0",
    };
    expect(redact(value)).toEqual(value);
  });
});

describe("texts that look like a credential are taken out wherever they stand", () => {
  const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";
  it.each([
    ["a JWT", `look: ${jwt}!`, `look: ${REDACTED}!`],
    ["a bearer header", "Authorization header: Bearer abc.def-123", `Authorization header: ${REDACTED}`],
    ["a basic header", "send Basic YW5uOmh1bnRlcjI=", `send ${REDACTED}`],
    ["a private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nend", `${REDACTED}\nend`],
    ["a private key cut short", "-----BEGIN PRIVATE KEY-----\nMIIB", REDACTED],
    ["an AWS key", "AKIAIOSFODNN7EXAMPLE", REDACTED],
    ["a GitHub token", "use ghp_abcdefghijklmnopqrstuvwxyz0123456789 now", `use ${REDACTED} now`],
    ["a Slack token", "xoxb-1234567890-abcdef", REDACTED],
    ["a Google key", "AIzaSyA-1234567890abcdefghijklmnopqrstu", REDACTED],
    ["an sk- key", "sk-proj-abcdefghijklmnop", REDACTED],
    ["a password in a URL", "postgres://app:hunter2@db/prod", `postgres://${REDACTED}@db/prod`],
    ["a query parameter", "https://x.example/?token=hunter2&page=1", `https://x.example/?token=${REDACTED}&page=1`],
    ["an assignment", "DB_PASSWORD=hunter2 make", `DB_PASSWORD=${REDACTED} make`],
    ["a short assignment", "pwd=a", `pwd=${REDACTED}`],
    ["JSON in a text", '{"api_key": "hunter2"}', `{"api_key": "${REDACTED}"}`],
    ["a sentence", "my password is hunter2", `my password is ${REDACTED}`],
    ["long hexadecimal", "9f86d081884c7d659a2feaa0c55ad015", REDACTED],
    ["a sign of two characters", "password := hunter2", `password := ${REDACTED}`],
    ["an arrow", "password => 'hunter2'", `password => '${REDACTED}'`],
    ["a comparison", "password == hunter2", `password == ${REDACTED}`],
    ["words in quotes", 'password="two words" x', `password="${REDACTED}" x`],
    ["an escaped quote", '{"password":"a\\"hunter2","n":1}', `{"password":"${REDACTED}","n":1}`],
    ["JSON in JSON", '{\\"password\\":\\"hunter2\\",\\"n\\":1}', `{\\"password\\":\\"${REDACTED}\\",\\"n\\":1}`],
    ["an option", "login --password hunter2 -v", `login --password ${REDACTED} -v`],
    ["a user of curl", "curl -u ann:hunter2 https://x.example", `curl -u ann:${REDACTED} https://x.example`],
    ["an element", "<password>hunter2</password>", `<password>${REDACTED}</password>`],
    ["a line further down", `password:\n${" ".repeat(12)}hunter2`, `password:\n${" ".repeat(12)}${REDACTED}`],
    ["an address with a sign in its password", "postgres://u:p@hunter2@h/db", `postgres://${REDACTED}@h/db`],
    ["SQL that makes a user", "CREATE USER a IDENTIFIED BY 'hunter2';", `CREATE USER a IDENTIFIED BY '${REDACTED}';`],
    ["SQL without quotes", "CREATE USER a IDENTIFIED BY hunter2;", `CREATE USER a IDENTIFIED BY ${REDACTED};`],
    ["SQL that sets one", "ALTER ROLE a WITH PASSWORD 'hunter2' x", `ALTER ROLE a WITH PASSWORD '${REDACTED}' x`],
    ["SQL with a quote", "SET password='it''s hunter2', n=1", `SET password='${REDACTED}', n=1`],
    [
      "SQL that inserts",
      "INSERT INTO u (name, password) VALUES ('a', 'x,''hunter2'), (f('b'), 'hunter2') RETURNING id",
      `INSERT INTO u (name, password) VALUES ('a', ${REDACTED}), (f('b'), ${REDACTED}) RETURNING id`,
    ],
    ["CDATA", "<password><![CDATA[<hunter2>]]></password>", `<password><![CDATA[${REDACTED}]]></password>`],
    [
      "an element with attributes",
      '<a:Password Type="x">hunter2</a:Password>',
      `<a:Password Type="x">${REDACTED}</a:Password>`,
    ],
    [
      "a property list",
      "<key>password</key>\n<string>hunter2</string>",
      `<key>password</key>\n<string>${REDACTED}</string>`,
    ],
    ["attributes", '<input name="password" value="hunter2">', `<input name="password" value="${REDACTED}">`],
    ["attributes the other way", "<a value='hunter2' key='DbPassword'/>", `<a value='${REDACTED}' key='DbPassword'/>`],
    ["an element with a name", '<var name="db_password">hunter2</var>', `<var name="db_password">${REDACTED}</var>`],
    [
      "a part of a form",
      'name="password"\r\nContent-Type: text/plain\r\n\r\nhunter2\r\nhunter2\r\n--x',
      `name="password"\r\nContent-Type: text/plain\r\n\r\n${REDACTED}\r\n--x`,
    ],
    [
      "a block of YAML",
      "  password: |\n    hunter2\n\n    hunter2\n  user: a\n",
      `  password: |\n    ${REDACTED}\n  user: a\n`,
    ],
    ["a list of YAML", "passwords:\n  - hunter2\nuser: a", `passwords:\n  - ${REDACTED}\nuser: a`],
    ["a manifest", "- name: DB_PASSWORD\n  value: hunter2\n", `- name: DB_PASSWORD\n  value: ${REDACTED}\n`],
    [
      "a manifest in JSON",
      '{"name":"DB_PASSWORD","value":"hunter2 x"}',
      `{"name":"DB_PASSWORD","value":"${REDACTED}"}`,
    ],
    ["a list of JSON", '{"passwords":["hunter2"],"n":1}', `{"passwords":"${REDACTED}","n":1}`],
    ["three quotes", 'password="""hunter2 "x" y"""', `password="""${REDACTED}"""`],
    ["backticks", "const password = `two hunter2`;", `const password = \`${REDACTED}\`;`],
    [
      "Terraform",
      'variable "db_password" { default = "hunter2" }',
      `variable "db_password" { default = "${REDACTED}" }`,
    ],
    [
      "other languages",
      "Kennwort: hunter2, mot de passe : hunter2",
      `Kennwort: ${REDACTED}, mot de passe : ${REDACTED}`,
    ],
    ["a PIN", "the PIN is 4821", `the PIN is ${REDACTED}`],
    ["netrc", "machine h login a password hunter2", `machine h login a password ${REDACTED}`],
    ["commands", "sshpass -p hunter2 ssh x", `sshpass -p ${REDACTED} ssh x`],
    ["a command in one word", "mysql -uroot -phunter2", `mysql -uroot -p${REDACTED}`],
    ["CSV", 'user,password\na,"hunter2\nx"\nb,hunter2', `user,password\na,${REDACTED}\nb,${REDACTED}`],
    ["a table", "| user | pin |\n|---|---|\n| a | 4821 |", `| user | pin |\n|---|---|\n| a | ${REDACTED} |`],
    ["a signed URL", "https://x.y/z?X-Amz-Signature=hunter2&a=1", `https://x.y/z?X-Amz-Signature=${REDACTED}&a=1`],
    ["a shared URL", "https://x.y/c?sv=1&sig=hunter2", `https://x.y/c?sv=1&sig=${REDACTED}`],
    ["the code of a sign-in", "https://x.y/?code=hunter2", `https://x.y/?code=${REDACTED}`],
    ["a hook", "https://hooks.slack.com/services/T0/B0/hunter2", `https://hooks.slack.com/services/${REDACTED}`],
    ["a long mixed run", "Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISUo", REDACTED],
  ])("%s", (_what, text, expected) => {
    expect(redact({ note: text })).toEqual({ note: expected });
    expect(redact({ list: [text] })).toEqual({ list: [expected] });
  });

  it("also as a key", () => {
    expect(redact({ [jwt]: 1 })).toEqual({ [REDACTED]: 1 });
  });

  it("also where it begins before the cut and ends after it", () => {
    const shown = JSON.stringify(redact({ note: `${"lorem ".repeat(32)}${jwt.repeat(3)}` }));
    expect(shown).not.toContain("eyJ");
  });
});

describe("what is no secret stays", () => {
  it.each([
    [{ amount: 12.5, currency: "EUR", ok: true, none: null }],
    [{ customer_id: "c-1001", tags: ["a", "b"], nested: { deep: [1, 2, 3] } }],
    [{ id: "0b6f1f0e-5c1a-4b1e-9d55-0d3f3a1f2c11" }],
    [{ max_tokens: 100, author: "Ann", text: "Dinner with a client in Zurich at 19:30" }],
    [{ query: "SELECT id, name FROM users WHERE name = 'O''Hara' ORDER BY id" }],
    [{ sql: "INSERT INTO u (name, amount) VALUES ('a', 12.5)" }],
    [{ html: '<input name="city" value="Berlin"><p id="x">Text</p>', yaml: "a: |\n  b\nc: d" }],
    [{ csv: "id,name\n1,Ann\n2,Bob", letter: "Dear Ann, your password\nhas expired." }],
    [{ url: "https://x.y/?code=EUR&country=DE&page=2", cmd: "mkdir -p /srv/x && ssh -p 22 h" }],
    [{ body: "It's broken. Don't click: it hurts.\nIdentified by Ann." }],
    [{ sha: "a1b2c3d4e5f60718", file: "IMG_20261130_101500_001.jpg", build: "v1.2.3-20261130101500" }],
    [{ slug: "how-we-moved-our-whole-monolith-to-a-gateway" }],
  ])("%j", (value) => {
    expect(redact(value)).toEqual(value);
  });
});

describe("a text made to be slow comes to an end", () => {
  it.each([
    ...[
      "password",
      "password ",
      "password:",
      'password="',
      "password='",
      "<password ",
      "<a name='password' ",
      "(",
      "pin ",
    ],
    ...[
      "<key>password</key>",
      "name=password\n",
      'name="password',
      " \n",
      "password: |\n ",
      "a,password\n",
      "insert into u (pin) values (",
    ],
    ...["identified by ", "mysql ", "setx ", "?code=", "://", "4_", "a4", '\\"', "login a password "],
    ...[
      "%25",
      "25",
      "password%253d",
      "password=(",
      "password(((",
      "password='a'+'b'+",
      "password.a(b)",
      "password: a b ",
    ],
    ...[
      "password:\n  a: b\n",
      "- - a: &a !b |\n",
      "- ",
      'a "b" {\n',
      "data:\n",
      "kind: ",
      "mysql -p -p | ",
      "mysql '",
      "mysql \\",
    ],
    ...["'a' as 'b' as password ", "<password>", "<token", "password for a b c ", "jdbc:oracle:thin:", "a:22:a:a:\n"],
    ...[
      '{"password":',
      '{"password":[',
      "```json\n{",
      "sp_password",
      "password:** ",
      "password (a) ",
      "credential('a', '",
      "password <<A\n",
      "bash -c 'mysql ",
    ],
  ])("%j, over and over", (unit) => {
    const list = Array.from({ length: 50 }, () => unit.repeat(2000));
    expect(JSON.stringify(redact({ list })).length).toBeLessThan(50_000);
  });
});

describe("what is too much to look at is hidden without a look", () => {
  it("of texts that speak of secrets, what is beyond a bound", () => {
    const text = "the token was lost and found again; ".repeat(20);
    const shown = redact({ list: Array.from({ length: 50 }, () => text), note: "fine" });
    expect(shown).toMatchObject({ note: "fine" });
    expect(new Set(JSON.parse(JSON.stringify(shown["list"])))).toEqual(
      new Set([`${text.slice(0, 200)}… [${text.length} characters]`, REDACTED]),
    );
  });

  it("of what statements are given", () => {
    const one = { sql: "UPDATE tokens SET a = ? WHERE id = ?; ".repeat(20), params: ["x", 7] };
    const shown = Object.values(
      redact(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, one]))),
    );
    expect(shown[0]).toMatchObject({ params: one.params });
    for (const last of shown.slice(-5)) expect(new Set(Object.values(last as object))).toEqual(new Set([REDACTED]));
  });

  it.each<[string, Json]>([
    ["a wide object of parameters", Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`p${index}`, "x"]))],
    ["many rows of parameters", Array.from({ length: 2000 }, () => ["x"])],
    ["many words", Array.from({ length: 2000 }, () => "-px")],
  ])("%s keeps its size", (_what, params) => {
    const count = Array.isArray(params) ? 2000 : Object.keys(params as object).length;
    const shown = JSON.stringify(redact({ command: "mysql password = ?", cmd: "mysql", sql: "pin = :p1", params }));
    expect(shown).toContain(`${count - 50}`);
  });
});

describe("the copy is small whatever comes", () => {
  it("long texts are cut and say how long they were", () => {
    expect(redact({ note: "lorem ipsum ".repeat(1000) })["note"]).toMatch(/^lorem .*… \[12000 characters\]$/);
    expect(redact({ note: `a${"😀".repeat(100)}` })).toEqual({ note: `a${"😀".repeat(99)}… [201 characters]` });
  });

  it("numbers of many digits are summed up", () => {
    const copy = (digits: string) => redact(parseExact(`{"n":${digits}}`) as JsonObject)["n"];
    expect(copy("7".repeat(5_000))).toBe("[number of 5000 characters]");
    expect(copy(`0.${"5".repeat(100)}`)).toMatchObject({ text: `0.${"5".repeat(100)}` });
  });

  it("deep, long and wide values are summed up", () => {
    expect(redact({ a: { a: { a: { a: { a: { a: { a: 1 }, b: [1, 2] } } } } } })).toEqual({
      a: { a: { a: { a: { a: { a: "[object]", b: "[list of 2]" } } } } },
    });
    expect(redact({ list: Array.from({ length: 60 }, () => 1) })["list"]).toEqual([
      ...Array.from({ length: 50 }, () => 1),
      "[10 more]",
    ]);
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, index]));
    expect(Object.keys(redact(wide))).toHaveLength(51);
    expect(redact(wide)["[more]"]).toBe(10);
  });

  it("no value makes it larger than its limits allow, or fail", () => {
    const { maxValues, maxText } = REDACT_LIMITS;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 9 })), (value) => {
        const text = JSON.stringify(redact(JSON.parse(JSON.stringify(value))));
        expect(text.length).toBeLessThan(2 * maxValues * (maxText + 200) * 6);
        expect(() => JSON.parse(text)).not.toThrow();
      }),
    );
  });
});
