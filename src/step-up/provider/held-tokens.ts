/** With what a provider is asked again about somebody who signed in. Secret, and kept sealed. */
export interface HeldTokens {
  readonly accessToken: string;
  /** `undefined`: the provider gave none. */
  readonly refreshToken: string | undefined;
}
