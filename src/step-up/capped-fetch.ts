import type { CustomFetch } from "openid-client";

/** A `fetch` that reads no more than `maxBytes` of an answer. @throws TypeError when there is more */
export function cappedFetch(maxBytes: number): CustomFetch {
  return async (url, { body, ...options }) => {
    const response = await fetch(url, { ...options, body: body ?? null });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new TypeError("The answer is too large.");
      chunks.push(chunk);
    }
    const { status, headers } = response;
    return new Response(status === 204 || status === 304 ? null : Buffer.concat(chunks), { status, headers });
  };
}
