/*
 * The names of secrets that are looked for in texts: fewer than those of members, because what stands in a text may be anything.
 */

export const NAMES =
  "passw(?:or)?[dt]s?|pass[-_ ]?phrases?|passcode|pwd|secrets?|token|(?:api|account|master|ssh|deploy|signing|encryption)[-_ ]?keys?|" +
  "access[-_ ]?key|private[-_ ]?key|pre-shared-key|credentials?|authorization|cookie|seed ?phrase|mnemonic|" +
  "kennwort|contrase[ñn]a|senha|mot de passe|wachtwoord|lösenord|salasana|hasło|парол[ья]|密码|パスワード|비밀번호|mật khẩu|" +
  "(?<![a-z])(?:pin|psk|otp|pw|pswd|creds|cvv2?|cvc2?|jwt)(?![a-z])";

/** Nearly all that is looked for by a name can stand only where this fits, which most texts have not. Without looking around: that is dear. */
export const HINT =
  /pass|pwd|secret|token|key|cred|auth|cookie|seed|mnemonic|kennw|contras|senha|wachtw|lösen|salas|hasło|pin|psk|otp|pw|pswd|jwt|cv[vc]|парол|密码|パスワード|비밀|mật/i;
