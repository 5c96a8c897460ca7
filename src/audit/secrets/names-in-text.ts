/*
 * The names of secrets that are looked for in texts: fewer than those of members, because what stands in a text may be anything.
 */

export const NAMES =
  "passw(?:or)?[dt]s?|requirepass|stringdata|pass[-_ ]?phrases?|passcode|pwd|secrets?|token|(?:api|account|master|ssh|deploy|signing|encryption)[-_ ]?keys?|" +
  "access[-_ ]?key|private[-_ ]?key|pre-shared-key|credentials?|authorization|cookie|seed ?phrase|mnemonic|" +
  "kennwort|contrase[ñn]a|senha|mot de passe|wachtwoord|lösenord|salasana|hasło|парол[ья]|密码|パスワード|비밀번호|mật khẩu|" +
  // Short ones that are also other words: only what stands behind them tells.
  "(?<=[a-z0-9]_)pass(?![a-z])|(?<![a-z])(?:pass|auth)(?=[\"']?\\s{0,2}[:=]\\s{0,4}(?=\\S{0,60}\\d)(?=\\S{0,60}[a-z])\\S)|" +
  "(?<![a-z])(?:pin|psk|otp|pw|pswd|creds|cvv2?|cvc2?|jwt)(?![a-z])";

/** Nearly all that is looked for by a name can stand only where this fits, which most texts have not. Without looking around: that is dear. */
export const HINT =
  /pass|pwd|stringdata|secret|token|key|cred|auth|cookie|seed|mnemonic|kennw|contras|senha|wachtw|lösen|salas|hasło|pin|psk|otp|pw|pswd|jwt|cv[vc]|парол|密码|パスワード|비밀|mật/i;
