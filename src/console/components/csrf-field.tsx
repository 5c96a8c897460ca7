/** What every form that POSTs must hold: the token of the session, `c.get("csrfToken")`. */
export function CsrfField({ token }: { readonly token: string }) {
  return <input type="hidden" name="csrf_token" value={token} />;
}
