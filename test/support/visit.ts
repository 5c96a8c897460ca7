/**
 * One request of a browser without a window: it keeps cookies and follows no redirect. They are kept by host and port,
 * because gateway and provider are both on loopback.
 */
export async function visit(jar: Map<string, string>, url: URL, init: RequestInit = {}): Promise<Response> {
  const cookie = [...jar]
    .filter(([name]) => name.startsWith(`${url.host} `))
    .map(([name, value]) => `${name.slice(url.host.length + 1)}=${value}`)
    .join("; ");
  const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
  for (const line of response.headers.getSetCookie()) {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    jar.set(`${url.host} ${pair.slice(0, at)}`, pair.slice(at + 1));
  }
  return response;
}
