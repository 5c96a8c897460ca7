import { describe, expect, it } from "vitest";
import { redact } from "../../../src/audit/secrets/redact.ts";
import type { JsonObject } from "../../../src/core/json.ts";

/*
 * Arguments as real servers take them, each with the secret `hunter2`: nothing of it is in the copy, and by kinds, since a
 * pattern for one of them would leave its neighbours.
 */

const SECRET = /hunter2|correct horse|battery|staple|aHVudGVy|odW50ZXIy/i;

function expectHidden(value: JsonObject): void {
  expect(JSON.stringify(redact(value))).not.toMatch(SECRET);
  expect(JSON.stringify(redact({ list: [{ deep: value }] }))).not.toMatch(SECRET);
}

describe("an object that names a secret in one member and holds it in another", () => {
  it.each<JsonObject>([
    { secret_name: "DEPLOY", value: "hunter2" },
    { secretName: "DEPLOY", encrypted_value: "hunter2", key_id: "1" },
    { SecretId: "prod/db", value: "hunter2" },
    { credential_id: "ci", data: { a: "hunter2" } },
    { token_name: "ci", content: "hunter2" },
    { encrypted_value: "hunter2" },
    { encryptedData: "hunter2" },
    { k: "password", v: "hunter2" },
    { attr: "password", to: "hunter2" },
    { set: "password", to: "hunter2" },
    { field: "password", from: "hunter2", to: "hunter2" },
    { field: "password", old: "hunter2", new: "hunter2" },
    { param: "password", argument: "hunter2" },
    { parameter: "DB_PASSWORD", arg: "hunter2" },
    { query: "password", replacement: "hunter2" },
    { find: "password", replace: "hunter2" },
    { name: "DB_PASSWORD", default: "hunter2" },
    { name: "DB_PASSWORD", default_value: "hunter2" },
    { name: "api_key", string: "hunter2" },
    { expect: "Password:", send: "hunter2" },
    { prompt: "Enter password:", response: "hunter2" },
    { question: "PIN", answer: "hunter2" },
    { title: "Deploy key", key: "hunter2" },
    { name: "SSH key", key: "hunter2" },
    { label: "API key", key: "hunter2" },
    { data: { ".dockerconfigjson": "hunter2" } },
    { kubeconfig: "hunter2" },
    { service_account_key: "hunter2" },
    { id_rsa: "hunter2" },
    { keystore: "hunter2" },
    { pepper: "hunter2" },
    { "mật khẩu": "hunter2" },
    { şifre: "hunter2" },
    { target: "#password", keys: "hunter2" },
    { steps: [{ fill: ["#password", "hunter2"] }] },
    { steps: [["type", "#password", "hunter2"]] },
    { locator: { label: "Password" }, text: "hunter2" },
    { field: { id: "password" }, value: "hunter2" },
    { property: { name: "password" }, to: "hunter2" },
    { setting: { key: "smtp.password" }, newValue: "hunter2" },
    { name: "X", secret: true, value: "hunter2" },
    { name: "X", is_secret: true, value: "hunter2" },
    { key: "X", masked: true, value: "hunter2" },
    { key: "X", value: "hunter2", type: "encrypted" },
    { Name: "/x", Type: "SecureString", Value: "hunter2" },
    { filter: ["password", "=", "hunter2"] },
    { filter: { left: "password", right: "hunter2" } },
    { column: "password", op: "=", operand: "hunter2" },
    { columns: "name,password", values: ["x", "hunter2"] },
    { header: ["name", "password"], rows: [["x", "hunter2"]] },
    { path: ["user", "password"], value: "hunter2" },
    { jsonpath: "$.password", value: "hunter2" },
    { xpath: "//input[@name='password']", text: "hunter2" },
    { elementDescription: "password input", inputText: "hunter2" },
    { locator: "input[type=password]", keystrokes: "hunter2" },
  ])("%j", expectHidden);
});

describe("a statement that has a place for a secret, and what is put there", () => {
  it.each<JsonObject>([
    { sql: "UPDATE u SET password = ? WHERE id = 1", params: ["hunter2"] },
    { sql: "UPDATE u SET name = ?, password = ? WHERE id = ?", params: ["ann", "hunter2", 1] },
    { params: ["a", "hunter2"], sql: "INSERT INTO u (name,password) VALUES (?,?)" },
    { sql: "INSERT INTO u (name, password) VALUES ($1, $2)", params: ["a", "hunter2"] },
    { sql: "INSERT INTO u (name, password) VALUES ($2, $1)", values: ["hunter2", "a"] },
    { sql: "INSERT INTO u (name, password) VALUES (%s, crypt(%s, gen_salt('bf')))", args: ["a", "hunter2"] },
    {
      sql: "INSERT INTO u (name, password) VALUES (?, ?)",
      params: [
        ["a", "hunter2"],
        ["b", "hunter2"],
      ],
    },
    { sql: "INSERT INTO u (name, password) VALUES (?, ?), (?, ?)", params: ["a", "hunter2", "b", "hunter2"] },
    { sql: "INSERT INTO u (name, pin) VALUES (:a, :b)", params: { a: "x", b: "hunter2" } },
    { sql: "INSERT INTO u (name, pin) VALUES (:a, :b)", params: [{ a: "x", b: "hunter2" }] },
    { sql: "UPDATE u SET password = :p", params: { p: "hunter2" } },
    { sql: "UPDATE u SET password = @p", parameters: { "@p": "hunter2" } },
    { sql: "UPDATE u SET password = %(p)s", params: { p: "hunter2" } },
    { sql: "UPDATE u SET password = :p", parameters: [{ name: "p", value: { stringValue: "hunter2" } }] },
    { sql: "UPDATE u SET password = sha2(concat('x', ?), 256)", bindings: ["hunter2"] },
    { statement: 'UPDATE "u" SET "password" = $1', binds: ["hunter2"] },
    { query: "SELECT * FROM u WHERE name = ? AND password <> ?", parameters: ["a", "hunter2"] },
    { query: 'mutation($p: String!) { login(user: "a", password: $p) { id } }', variables: { p: "hunter2" } },
    { query: "CREATE (u:User {name: $n, password: $p})", params: { n: "a", p: "hunter2" } },
    { sql: "CREATE USER a PASSWORD ?", params: ["hunter2"] },
    { sql: "CREATE USER a IDENTIFIED BY ?", params: ["hunter2"] },
    { sql: "SELECT 'it''s ?', ? FROM u WHERE pin = ?", params: ["a", "hunter2"] },
  ])("%j", expectHidden);

  it("shows the places, and what is put in the others", () => {
    expect(redact({ sql: "UPDATE u SET name = ?, password = ? WHERE id = ?", params: ["ann", "hunter2", 1] })).toEqual({
      sql: "UPDATE u SET name = ?, password = ? WHERE id = ?",
      params: ["ann", "[redacted]", 1],
    });
    expect(redact({ sql: "INSERT INTO u (a, pin) VALUES ($2, $1)", params: ["4821", "ann"] })).toEqual({
      sql: "INSERT INTO u (a, pin) VALUES ($2, $1)",
      params: ["[redacted]", "ann"],
    });
  });
});

describe("a command", () => {
  const commands = [
    "mysql -u a -phunter2 db",
    "mysqldump --all -phunter2",
    "sshpass -p hunter2 ssh x",
    "sshpass -phunter2 ssh x",
    "sudo sshpass -p 'hunter2' ssh x",
    "/usr/bin/mysql -phunter2",
    "redis-cli -h x -a hunter2 get y",
    "az login -u a -p hunter2",
    "docker login -u a -p hunter2 r.x",
    "oc login -u a -p hunter2",
    "mongosh -u a -p hunter2",
    "sqlcmd -S x -U a -P hunter2",
    "unzip -P hunter2 x.zip",
    "7z x -phunter2 x.7z",
    "ldapsearch -D a -w hunter2 -b x",
    "ssh-keygen -t ed25519 -N hunter2",
    "smbclient //h/s -U a%hunter2",
    "curl -u a:hunter2 https://x",
    "curl -sSLu a:hunter2 https://x",
    "curl --proxy-user a:hunter2 https://x",
    "http -a a:hunter2 x.y",
    "openssl enc -pass pass:hunter2",
    "openssl rsa -passin pass:hunter2 -in k",
    "openssl enc -aes-256-cbc -k hunter2",
    "aws configure set aws_secret_access_key hunter2",
    "aws configure set profile.x.aws_secret_access_key hunter2",
    "git config --global x.token hunter2",
    "npm config set //r.x/:_authToken hunter2",
    "npm config set _password hunter2",
    "pulumi config set --secret dbPassword hunter2",
    "pulumi config set --secret x hunter2",
    "gh secret set DEPLOY --body hunter2",
    "gh secret set DEPLOY -b hunter2",
    "gh secret set DEPLOY -b'hunter2'",
    "setx API_TOKEN hunter2",
    "setenv API_TOKEN hunter2",
    "set -gx API_TOKEN hunter2",
    "ENV API_KEY hunter2",
    "FROM x\nENV API_KEY hunter2\nRUN y",
    "net user bob hunter2 /add",
    "echo hunter2 | sudo -S ls",
    "printf '%s' hunter2 | docker login --password-stdin",
    "echo root:hunter2 | chpasswd",
    "echo -n hunter2 | gh secret set X",
    "sudo -S ls <<< hunter2",
    'chpasswd <<< "root:hunter2"',
    "htpasswd -cb f a hunter2",
    "vault kv put secret/x value=hunter2",
    "vault kv put secret/x a=b other=hunter2",
    "vault login hunter2",
    "kubectl create secret generic x --from-literal=a=hunter2",
    "kubectl create secret generic x --from-literal a=hunter2",
    "aws secretsmanager create-secret --name x --secret-string hunter2",
    "aws ssm put-parameter --name /x --type SecureString --value hunter2",
    "heroku config:set A=b API_KEY=hunter2",
    "sqlplus a/hunter2@h",
    "ConvertTo-SecureString 'hunter2' -AsPlainText -Force",
    "ConvertTo-SecureString -String hunter2 -AsPlainText",
    "cmdkey /add:x /user:a /pass:hunter2",
    "xfreerdp /u:a /p:hunter2 /v:h",
    "wget --http-password=hunter2 x",
    "psexec \\\\h -u a -p hunter2",
    "schtasks /create /ru a /rp hunter2",
    "openssl passwd -1 hunter2",
    "az keyvault secret set --name x --value hunter2",
    "doppler secrets set A hunter2",
    "curl -b session=hunter2 https://x",
    "ldappasswd -s hunter2",
    "mysqladmin -u root password hunter2",
    "redis-cli AUTH hunter2",
    "redis-cli CONFIG SET requirepass hunter2",
    'ssh h "echo hunter2 | sudo -S ls"',
    "bash -c 'sshpass -p hunter2 ssh x'",
    "su - a -c 'x' <<< hunter2",
    'kubectl patch secret x -p \'{"data":{"a":"hunter2"}}\'',
    "login --password=hunter2",
    "login --password hunter2",
    "login --db-password 'hunter2 x'",
    "docker run -e DB_PASSWORD=hunter2 x",
    "PGPASSWORD=hunter2 psql",
    "export TOKEN='hunter2'; ls",
  ];
  it.each(commands)("%s", (text) => {
    expectHidden({ text });
    expectHidden({ command: ["bash", "-c", text] });
    // As a list of its words, where no shell has to read it.
    if (/[|<>;'"\n]/.test(text) || /^(?:ENV|FROM|PGPASSWORD|export|set) /.test(text)) return;
    const [command = "", ...args] = text.split(" ");
    expectHidden({ command, args });
    expectHidden({ argv: [command, ...args] });
  });

  it.each<JsonObject>([
    { command: "mysql", args: ["-phunter2"] },
    { cmd: "redis-cli", argv: ["-a", "hunter2"] },
    { cmd: "mysql", argv: ["-P", 3306, "-phunter2"] },
    { argv: ["mysql", "-P", 3306, "-phunter2"] },
    { program: "/usr/bin/mysql", arguments: ["-u", "a", "-phunter2"] },
    { executable: "curl", args: ["-u", "a:hunter2", "https://x"] },
    { env: ["DB_PASSWORD=hunter2"] },
    { env: { DB_PASS: "hunter2" } },
    { command: "mysql", env: { MYSQL_PWD: "hunter2" } },
  ])("%j", expectHidden);
});

describe("a name and its value in a text, whatever stands between them", () => {
  it.each([
    "password\thunter2",
    "|password|hunter2|",
    "| user | a |\n| password | hunter2 |",
    "key,value\nuser,a\npassword,hunter2",
    "password%3Dhunter2",
    "https://x.y/?q=password%3Dhunter2%26a%3Db",
    "user=a&pass%77ord=hunter2",
    "%70assword=hunter2",
    "password%253Dhunter2",
    "password&#61;hunter2",
    "password\\u003dhunter2",
    '{"pass\\u0077ord":"hunter2"}',
    'os.environ["API_KEY"] = "hunter2"',
    "process.env['API_KEY'] = 'hunter2'",
    "params[:password] = 'hunter2'",
    "$_POST['password'] = 'hunter2';",
    "user[password]=hunter2",
    'config.set("password", "hunter2")',
    "localStorage.setItem('token', 'hunter2')",
    "xhr.setRequestHeader('Authorization', 'hunter2')",
    "SecretKey = new Secret('hunter2')",
    "password = b'hunter2'",
    "password = N'hunter2'",
    'password = f"{x}hunter2"',
    "password = 'a' + 'hunter2'",
    'password = "a" .\n  "hunter2"',
    "PASSWORD=a'hunter2'",
    'PASSWORD=$(echo "hunter2")',
    "password = hash(salt('x', y), 'hunter2')",
    "password=crypt('hunter2', gen_salt('bf'))",
    "UPDATE users SET password=crypt('hunter2', gen_salt('bf'))",
    "UPDATE users SET password = HASHBYTES('SHA2_256', N'hunter2') WHERE id = 1",
    "UPDATE u SET password_hash = md5('hunter2')",
    "password: !vault hunter2",
    "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  hunter2\n",
    "password: &pw hunter2",
    "password: !!str hunter2",
    'password: !secret "hunter2"',
    "passphrase: correct horse battery staple",
    "the passphrase is correct horse battery staple",
    "password: correct horse battery staple",
    "seed phrase: correct horse battery staple",
    "The password for bob: hunter2",
    "password for bob is hunter2",
    "the token of the CI user = hunter2",
    "pw: hunter2",
    "creds: hunter2",
    "DB_PASSWORD_PROD=hunter2",
    "password2: hunter2",
    "new_password_confirmation=hunter2",
    "AccountName=x;AccountKey=hunter2;EndpointSuffix=y",
    "SELECT * FROM u WHERE password LIKE 'hunter2'",
    "SELECT * FROM u WHERE password IN ('a', 'hunter2')",
    "SELECT * FROM u WHERE password <> 'hunter2'",
    "SELECT * FROM u WHERE password != 'hunter2'",
    "SELECT 'hunter2' AS password",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'hunter2')",
    "EXEC sp_addlogin 'a', 'hunter2'",
    "username a secret 0 hunter2",
    "username a privilege 15 secret hunter2",
    "enable secret hunter2",
    "enable password 7 hunter2",
    "snmp-server community hunter2 RO",
    "jdbc:oracle:thin:a/hunter2@h",
    "password is: hunter2",
    "Password - hunter2",
    "password -> hunter2",
    "password (temporary): hunter2",
    "Password [admin]: hunter2",
    "**Password:** hunter2",
    "*Password*: `hunter2`",
    "<b>Password:</b> hunter2",
    "credentials: a / hunter2",
    "the password will be hunter2",
    "I set the password to hunter2",
    "use the token hunter2 please",
    "API key hunter2",
    "pass: hunter2",
    "X-Auth: hunter2",
    "X-Cookie: a=b; c=hunter2",
    "Authorization: Token hunter2",
    "password eq 'hunter2'",
    "password: str = 'hunter2'",
    "let password: string = 'hunter2'",
    'var password string = "hunter2"',
    "password ||= 'hunter2'",
    "PASSWORD ?= hunter2",
    "process.env.PASSWORD ?? 'hunter2'",
    "password=input() or 'hunter2'",
    "password = <<EOF\nhunter2\nEOF",
    "cat <<EOF > .env\nDB_PASS=hunter2\nEOF",
    '$password = ConvertTo-SecureString "hunter2" -AsPlainText',
    "requests.get(u, auth=('a','hunter2'))",
    "smtp.login('a', 'hunter2')",
    'new NetworkCredential("a", "hunter2")',
    "SELECT crypt('hunter2', gen_salt('bf'))",
    "SELECT pgp_sym_encrypt('x', 'hunter2')",
    "IDENTIFIED BY VALUES 'hunter2'",
    "requirepass hunter2",
    "db:5432:shop:ann:hunter2",
    "ann:$apr1$abc$hunter2",
    "password：hunter2",
    "ｐａｓｓｗｏｒｄ: hunter2",
    "раssword: hunter2",
    "pass\u200bword: hunter2",
    "<label>Password</label><input value='hunter2'>",
    '<setting name="DbPassword" as="x"><value>hunter2</value></setting>',
    "<credentials><user>a</user><value>hunter2</value></credentials>",
    "<Secret>\n  <a>hunter2</a>\n</Secret>",
  ])("%j", (text) => {
    expectHidden({ text });
    expectHidden({ content: `first line\n${text}` });
  });

  it("a PIN without a sign", () => {
    expect(redact({ note: "his PIN 4821 works" })).toEqual({ note: "his PIN [redacted] works" });
  });
});

describe("code for a browser", () => {
  it.each([
    "document.querySelector('#password').value = 'hunter2'",
    'document.querySelector("input[name=\'password\']").value = "hunter2"',
    "document.getElementById('password').value='hunter2'",
    "document.forms[0].password.value = 'hunter2'",
    "passwordInput.value = 'hunter2';",
    "$('#password').val('hunter2')",
    "page.fill('#password', 'hunter2')",
    'page.fill("input[name=\'password\']", "hunter2")',
    "page.fill(`#password`, `hunter2`)",
    "await page.type('input[name=password]', 'hunter2')",
    "await page.locator('#password').fill('hunter2')",
    "await page.locator('#password').first().pressSequentially('hunter2', { delay: 5 })",
    "await page.getByLabel('Password').fill('hunter2')",
    "await page.getByRole('textbox', { name: 'Password' }).fill('hunter2')",
    "cy.get('#password').type('hunter2')",
    "cy.get('#password').should('be.visible').type('hunter2{enter}')",
    'driver.find_element(By.ID, "password").send_keys("hunter2")',
    'driver.find_element(By.NAME, "password")\n    .send_keys("hunter2")',
    'password_field.send_keys("hunter2")',
    "browser.setValue('#password', 'hunter2')",
    'fill_in "Password", with: "hunter2"',
    "Input Text    id:password    hunter2",
    "I.fillField('password', 'hunter2')",
    "await t.typeText('#password', 'hunter2')",
    "agent-browser fill '#password' 'hunter2'",
    "await expect(page.locator('#password')).toHaveValue('hunter2')",
  ])("%s", (code) => {
    expectHidden({ code });
    expectHidden({ script: `(async () => {\n  ${code}\n})()` });
  });
});

describe("a document in a text", () => {
  it.each([
    "kind: Secret\nstringData:\n  a: hunter2",
    "apiVersion: v1\nkind: Secret\ndata:\n  key: hunter2",
    'apiVersion: v1\nkind: "Secret"\nmetadata:\n  name: x\ntype: Opaque\ndata:\n  a: b\n  key: hunter2\n',
    "apiVersion: v1\ndata:\n  a: hunter2\nkind: Secret\nmetadata:\n  name: x\n",
    "kind: ConfigMap\ndata:\n  a: b\n---\nkind: Secret\ndata:\n  a: hunter2\n",
    "kind: List\nitems:\n- kind: Secret\n  data:\n    a: hunter2\n",
    "items:\n  - apiVersion: v1\n    stringData:\n      a: |\n        hunter2\n    kind: Secret\n",
    "{apiVersion: v1, kind: Secret, stringData: {a: hunter2}}",
    "+stringData:\n+  a: hunter2\n+kind: Secret\n",
    "kind: SealedSecret\nspec:\n  encryptedData:\n    a: hunter2\n",
    "data: {a: hunter2}\nkind: Secret\n",
    "stringData:\n  config.yaml: |-\n    x: hunter2\n",
    "credentials:\n  user: a\n  value: hunter2\nother: 1\n",
    "secrets:\n  - id: 1\n    v: hunter2\n",
    "db:\n  auth:\n    user: a\n    value: hunter2\n",
    "tokens:\n- hunter2\n- hunter2\n",
    "env:\n- name: DB_PASSWORD\n  value: hunter2\n",
    "env:\n- value: hunter2\n  name: DB_PASSWORD\n",
    "a: b\npass: hunter2\n",
    "user: a\npw: hunter2\n",
    "user: a\npassword: correct horse battery staple\n",
    "user: a\nmnemonic: >\n  correct horse\n  battery staple\nb: c\n",
    "A=b\nAPP_PASS=hunter2\n",
    "A=b\nexport SSH_KEY=hunter2\n",
    "A=b\nMASTER_KEY='hunter2'\n",
    "A=b\nPASSPHRASE=correct horse battery staple\n",
    '[secrets]\na = hunter2\nb = "hunter2"\n[other]\nc = d\n',
    '[database.credentials]\nvalue = "hunter2"\n',
    "[db]\nuser = a\nauth = hunter2\n",
    "# comment\ndb.user=a\ndb.pass=hunter2\n",
    'resource "x" "y" {\n  username = "a"\n  master_key = "hunter2"\n}\n',
    'secrets {\n  a = "hunter2"\n}\nother { b = "c" }\n',
    'credentials = {\n  user = "a"\n  value = "hunter2"\n}\n',
    'variable "db_password" {\n  type = string\n  default = "hunter2"\n}\n',
    JSON.stringify({ secrets: { a: "hunter2" } }),
    JSON.stringify({ kind: "Secret", data: { a: "hunter2" } }, null, 2),
    JSON.stringify([{ k: "password", v: "hunter2" }]),
    JSON.stringify({ k: "password", x: { y: "z" }, v: "hunter2" }),
    JSON.stringify({ sql: "UPDATE u SET pin = ?", params: ["hunter2"] }),
    JSON.stringify({ text: JSON.stringify({ auth: { value: "hunter2" } }) }),
    JSON.stringify({ pad: "x".repeat(2000), credentials: { value: "hunter2" } }),
    JSON.stringify({ credentials: { value: "hunter2" }, pad: "x".repeat(2000) }),
    '```json\n{"credentials": {"value": "hunter2"}}\n```',
    '<configuration>\n  <credentials>\n    <add key="x" value="hunter2"/>\n  </credentials>\n</configuration>',
  ])("%j", (text) => {
    expectHidden({ manifest: text });
    expectHidden({ path: "x", content: text });
  });

  it("a manifest shows its names and all that is beside the secret", () => {
    const text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  a: hunter2\ntype: Opaque\n";
    const shown = JSON.stringify(redact({ text }));
    for (const part of ["kind: Secret", "name: x", "stringData", "type: Opaque"]) expect(shown).toContain(part);
  });

  it("of a manifest whose kind stands far behind its data", () => {
    expectHidden({ text: `apiVersion: v1\ndata:\n  a: hunter2\n  b: ${"x".repeat(3000)}\nkind: Secret\n` });
  });
});
