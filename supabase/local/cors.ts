/**
 * Cross-origin requests. A page may call everything here, as it may call a hosted project. No cookie is ever read, so `*`
 * gives a page nothing that its own server could not ask for; `allow-credentials` never stands beside it.
 */

/**
 * `*` stands for every header that an SDK sends, now and later. It leaves out `authorization` alone, which has to be named
 * (Fetch standard, "CORS non-wildcard request-header name").
 */
const PREFLIGHT = {
  "access-control-allow-headers": "authorization, *",
  "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  "access-control-max-age": "3600",
};

/** What a page may read of an answer: the body, and every header, such as `content-range` and `retry-after`. */
const READABLE = { "access-control-allow-origin": "*", "access-control-expose-headers": "*" };

/** The answer to a preflight. It asks nothing of the database: whether the address exists is for the request itself. */
export function preflightAnswer(): Response {
  return new Response(null, { status: 204, headers: { ...READABLE, ...PREFLIGHT } });
}

/** The same answer, readable by the pages of every origin, whatever the package said of that. */
export function readableByPages(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("access-control-")) headers.delete(name);
  }
  for (const [name, value] of Object.entries(READABLE)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
