/**
 * Uploads. Both client libraries send a file as a form. Hosted Storage takes the file from whichever field holds one; the
 * package wants a field called `file`, stores the form itself when an object is replaced, and trusts the length that a
 * client states. Inside, an upload is the bare file, and never larger than allowed.
 */
import { Buffer } from "node:buffer";
import { requestScope } from "./request_scope.ts";
import { tooLarge } from "./storage_errors.ts";

/** The JavaScript client leaves the name of the field empty, and Deno's parser drops such a field. */
const NAMELESS = /(\r\nContent-Disposition: form-data; name=)""/i;

/** What a form has around its file, at most. */
const LARGEST_FORM_BYTES = 64 * 1024;

/**
 * The upload as its bare file.
 * @throws StorageError for a file of more than `most` bytes, of which no more than that is ever kept.
 */
export async function asBareFile(request: Request, most: number): Promise<Request> {
  const contentType = request.headers.get("content-type") ?? "";
  const isForm = contentType.startsWith("multipart/form-data");
  const bytes = await readAtMost(request, isForm ? most + LARGEST_FORM_BYTES : most);
  const headers = new Headers(request.headers);
  headers.delete("content-length"); // that of the form; the runtime sets the new one
  if (!isForm) return new Request(request.url, { method: request.method, headers, body: bytes });
  const form = await readForm(bytes, contentType);
  const file = [...form.values()].find((value) => value instanceof File);
  if (file !== undefined && file.size > most) throw tooLarge();
  headers.set("content-type", file?.type || "application/octet-stream");
  const age = form.get("cacheControl");
  if (typeof age === "string") headers.set("cache-control", `max-age=${age}`);
  const metadata = form.get("metadata");
  if (typeof metadata === "string") headers.set("x-metadata", Buffer.from(metadata).toString("base64"));
  return new Request(request.url, { method: request.method, headers, body: file ?? new Uint8Array() });
}

/** Lets a wildcard such as `text/*` allow a type; the package compares types letter by letter. */
export function withAllowedType(upload: Request, allowed: string[]): Request {
  const type = upload.headers.get("content-type") ?? "";
  const wildcard = `${type.split("/")[0]}/*`;
  const scope = requestScope.getStore();
  if (scope !== undefined && !allowed.includes(type) && allowed.includes(wildcard)) {
    scope.uploadedType = type;
    upload.headers.set("content-type", wildcard);
  }
  return upload;
}

/** Reads a body to its end, so that the client hears the answer, and keeps it only while it is small enough. */
async function readAtMost(request: Request, most: number): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size <= most) parts.push(part);
    else parts.length = 0;
  }
  if (size > most) throw tooLarge();
  return Buffer.concat(parts);
}

async function readForm(bytes: Buffer<ArrayBuffer>, contentType: string): Promise<FormData> {
  // One character per byte, so that the bytes of the file survive.
  const text = bytes.toString("latin1").replace(NAMELESS, '$1"file"');
  return await new Response(Buffer.from(text, "latin1"), { headers: { "content-type": contentType } }).formData();
}
