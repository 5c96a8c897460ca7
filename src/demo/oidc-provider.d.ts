/** The part of oidc-provider 9 that the demo and the tests use; the package ships no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

  export interface InteractionDetails {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  export interface ProviderClient {
    readonly clientId: string;
    readonly clientName?: string;
  }

  export interface ProviderContext {
    /** Koa's. */
    type: string;
    body: unknown;
    readonly oidc: {
      readonly client: ProviderClient | undefined;
      readonly session: { readonly accountId: string | undefined; grantIdFor(clientId: string): string | undefined };
      readonly params: Readonly<Record<string, unknown>> | undefined;
      /** What an interaction ended with. */
      readonly result: { readonly consent?: { readonly grantId?: string } } | undefined;
      readonly entities: { readonly AuthorizationCode?: SignedIn; readonly RefreshToken?: SignedIn };
    };
  }

  /** What codes and refresh tokens keep of a sign-in. */
  export interface SignedIn {
    readonly acr?: string;
    readonly amr?: readonly string[];
    /** Seconds since the epoch. */
    readonly authTime?: number;
  }

  export class Grant {
    addOIDCScope(scope: string): void;
    addOIDCClaims(claims: readonly string[]): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  interface AccessToken {
    /** The token as clients get it. */
    save(): Promise<string>;
  }

  export const errors: { readonly InvalidTarget: new (description?: string) => Error };

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly Grant: {
      new (properties: { clientId: string | undefined; accountId: string | undefined }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    readonly Client: { find(id: string): Promise<ProviderClient | undefined> };
    readonly ResourceServer: new (
      resource: string,
      info: object,
    ) => object;
    readonly AccessToken: new (
      properties: object,
    ) => AccessToken;
    callback(): RequestListener;
    on(event: "server_error", listener: (context: unknown, error: Error) => void): void;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
