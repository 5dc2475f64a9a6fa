/** Answers of the Data API, put right where the package tells its own story of a request. */
import { canonical } from "./query_strings.ts";

/** The package's answer as PostgREST gives it. */
export async function asPostgrest(response: Response, request: Request): Promise<Response> {
  return withFullLocation(await withOwnSchema(response, request), request);
}

/** The whole query string in the address of what is shown; the package does not see the filters. */
function withFullLocation(response: Response, request: Request): Response {
  const location = response.headers.get("content-location");
  if (location === null) return response;
  const search = canonical(new URL(request.url).search);
  response.headers.set("content-location", location.split("?")[0] + (search && `?${search}`));
  return response;
}

/** The schema in which a relationship was looked for; the package names that of any foreign key of the table. */
async function withOwnSchema(response: Response, request: Request): Promise<Response> {
  if (response.status !== 400 || !response.headers.get("content-type")?.includes("json")) return response;
  const text = await response.text();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const isRead = ["GET", "HEAD"].includes(request.method);
  const schema = request.headers.get(isRead ? "accept-profile" : "content-profile") ?? "public";
  const corrected = text.includes('"PGRST200"')
    ? text.replace(/in the schema '[^']*'/, `in the schema '${schema}'`)
    : text;
  return new Response(corrected, { status: response.status, headers });
}
