/**
 * Uploads as forms, which is how both client libraries send a file. Hosted Storage takes the file from whichever field
 * holds one; the package wants a field called `file`, and stores the form itself when an object is replaced. Inside, an
 * upload is the bare file.
 */
import { Buffer } from "node:buffer";

/** The JavaScript client leaves the name of the field empty, and Deno's parser drops such a field. */
const NAMELESS = /(\r\nContent-Disposition: form-data; name=)""/i;

/** The upload as its bare file; a request that is no form as it is. */
export async function asBareFile(request: Request): Promise<Request> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!contentType.startsWith("multipart/form-data") || !["POST", "PUT"].includes(request.method)) return request;
  // One character per byte, so that the bytes of the file survive.
  const text = Buffer.from(await request.arrayBuffer()).toString("latin1").replace(NAMELESS, '$1"file"');
  const form = await new Response(Buffer.from(text, "latin1"), { headers: { "content-type": contentType } }).formData();
  const file = [...form.values()].find((value) => value instanceof File);
  const headers = new Headers(request.headers);
  headers.set("content-type", file?.type || "application/octet-stream");
  headers.delete("content-length"); // that of the form; the runtime sets the new one
  const age = form.get("cacheControl");
  if (typeof age === "string") headers.set("cache-control", `max-age=${age}`);
  return new Request(request.url, { method: request.method, headers, body: file ?? new Uint8Array() });
}
