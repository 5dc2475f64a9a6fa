/**
 * Storage in front of the package: bodies and names are checked, uploads bounded, requests about one file wait for each
 * other, signed addresses and folders look as hosted Storage shows them, and what is not there says so.
 */
import { decodeJwt, errors, jwtVerify } from "jose";
import { CallerConnection } from "./data_api.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import { readStorageBody, requireKey, type StorageBody, userMetadata } from "./storage_bodies.ts";
import { absent, invalidKey, StorageError, withCode } from "./storage_errors.ts";
import { listFolder, type Listing } from "./storage_listing.ts";
import { partOf } from "./storage_ranges.ts";
import { asBareFile, withAllowedType } from "./storage_uploads.ts";

type Forward = (request: Request) => Promise<Response>;

/** What Storage has to know of the project. */
interface Options {
  secretKey: string;
  jwtSecret: string;
  largestFile: number;
}

/** A request to Storage, taken apart. */
interface Call {
  request: Request;
  url: URL;
  forward: Forward;
  bucket: string;
  key: string;
}

/** Beginnings of paths below `/storage/v1` that only hosted Storage knows. */
const ABSENT: readonly [string, string][] = [
  ["object/list-v2/", "listing by cursor (listV2)"],
  ["upload/resumable", "resumable uploads (TUS)"],
  ["render/", "transformations of images"],
  ["s3", "the protocol of S3"],
  ["vector/", "vector buckets"],
  ["iceberg/", "analytics buckets"],
  ["cdn/", "a content delivery network"],
];

/** Serves `/storage/v1/…`. */
export class StorageRequests {
  constructor(
    private readonly connection: CallerConnection,
    private readonly lock: KeyedLock,
    private readonly options: Options,
  ) {}

  /** Answers a request whose credentials have been admitted, with the help of the package. */
  async handle(request: Request, forward: Forward): Promise<Response> {
    try {
      return await withCode(await this.#route(request, forward));
    } catch (error) {
      if (error instanceof StorageError) return error.toResponse();
      throw error;
    }
  }

  async #route(request: Request, forward: Forward): Promise<Response> {
    const url = new URL(request.url);
    url.pathname = url.pathname.replace("/object/authenticated/", "/object/");
    const path = decoded(url.pathname.slice("/storage/v1/".length));
    const missing = ABSENT.find(([beginning]) => path.startsWith(beginning));
    if (missing !== undefined) throw absent(missing[1]);
    if (path.includes("\0")) throw invalidKey(path);
    const verb = `${request.method} ${path}`;
    const call = (pattern: RegExp) => {
      const [, bucket, key] = verb.match(pattern) ?? [];
      return bucket === undefined ? undefined : { request, url, forward, bucket, key: key ?? "" };
    };
    const routes: [RegExp, (call: Call) => Promise<Response>][] = [
      [/^POST object\/list\/([^/]+)$/, (each) => this.#list(each)],
      [/^POST object\/(copy|move)$/, (each) => this.#copy(each)],
      [/^POST object\/sign\/([^/]+)$/, (each) => this.#signMany(each)],
      [/^POST object\/sign\/([^/]+)\/(.+)$/, (each) => this.#sign(each)],
      [/^(?:GET|HEAD) object\/sign\/([^/]+)\/(.+)$/, (each) => this.#readSigned(each)],
      [/^POST object\/upload\/sign\/([^/]+)\/(.+)$/, (each) => this.#signUpload(each)],
      [/^PUT object\/upload\/sign\/([^/]+)\/(.+)$/, (each) => this.#uploadSigned(each)],
      [/^(?:POST|PUT) object\/([^/]+)\/(.+)$/, (each) => this.#upload(each)],
      [/^DELETE object\/([^/]+)$/, (each) => this.#remove(each)],
      [/^GET object\/info\/(?:public\/|authenticated\/)?([^/]+)\/(.+)$/, (each) => this.#about(each)],
      [/^GET object\/(?:public\/)?([^/]+)\/(.+)$/, (each) => this.#read(each)],
    ];
    for (const [pattern, answer] of routes) {
      const found = call(pattern);
      if (found !== undefined) return await answer(found);
    }
    return withDisposition(await forward(new Request(url, request)), url);
  }

  async #read({ request, url, forward }: Call): Promise<Response> {
    return await partOf(request, withDisposition(await forward(new Request(url, request)), url));
  }

  async #about({ request, url, forward }: Call): Promise<Response> {
    const response = await forward(new Request(url, request));
    return response.ok ? Response.json(aboutFile(await response.json())) : response;
  }

  async #list({ request, bucket }: Call): Promise<Response> {
    const listing = await readStorageBody(request, "list") as Listing;
    const known = await this.connection.driver`select from storage.buckets where id = ${bucket}`;
    if (known.length === 0) throw new StorageError(404, "Bucket not found", "Bucket not found", "NoSuchBucket");
    const variables = { auth: this.#caller(request), storage: { operation: "storage.object.list" } };
    return Response.json(await this.connection.withContext(variables, (db) => listFolder(db, bucket, listing)));
  }

  async #copy({ request, url, forward, bucket: verb }: Call): Promise<Response> {
    const body = await readStorageBody(request, verb);
    const { bucketId, sourceKey, destinationKey, destinationBucket = bucketId } = body as Record<string, string>;
    requireKey(destinationKey);
    const keys = [fileKey(bucketId, sourceKey), ...writtenKeys(destinationBucket, destinationKey)];
    const response = await this.lock.run(keys, () => forward(withBody(request, url, body)));
    if (!response.ok || verb === "move") return response;
    const [copy] = await this.connection.driver<{ id: string }[]>`
      select id from storage.objects where bucket_id = ${destinationBucket} and name = ${destinationKey}`;
    return Response.json({ ...await response.json(), Id: copy.id, Key: `${destinationBucket}/${destinationKey}` });
  }

  async #sign({ request, url, forward }: Call): Promise<Response> {
    const response = await forward(withBody(request, url, await readStorageBody(request, "sign")));
    if (!response.ok) return response;
    return Response.json({ signedURL: signedAddress(url, (await response.json()).signedUrl) });
  }

  /** One by one: the package takes the address of many for that of one. */
  async #signMany(call: Call): Promise<Response> {
    const { expiresIn, paths } = await readStorageBody(call.request, "signMany") as {
      expiresIn: number;
      paths: string[];
    };
    const signed = [];
    for (const path of paths) {
      const url = new URL(call.url);
      url.pathname += `/${path.split("/").map(encodeURIComponent).join("/")}`;
      const response = await call.forward(withBody(call.request, url, { expiresIn }));
      const { signedUrl } = await response.json();
      const error = response.ok ? null : "Either the object does not exist or you do not have access to it";
      signed.push({ path, signedURL: response.ok ? signedAddress(url, signedUrl) : null, error });
    }
    return Response.json(signed);
  }

  async #readSigned({ request, url, forward, bucket, key }: Call): Promise<Response> {
    await this.#verify(url, bucket, key, "download");
    return await this.#read({ request, url, forward, bucket, key });
  }

  async #signUpload({ request, url, forward, key }: Call): Promise<Response> {
    requireKey(key);
    const response = await forward(new Request(url, request));
    if (!response.ok) return response;
    const { signedUrl, token } = await response.json();
    return Response.json({ url: signedAddress(url, signedUrl), token });
  }

  async #uploadSigned(call: Call): Promise<Response> {
    const { url, bucket, key } = call;
    await this.#verify(url, bucket, key, "upload");
    const response = await this.#upload(call);
    return response.ok ? Response.json({ Key: `${bucket}/${key}` }) : response;
  }

  async #upload({ request, url, forward, bucket, key }: Call): Promise<Response> {
    requireKey(key);
    const { largestFile, types } = await this.#limits(bucket);
    const file = withAllowedType(await asBareFile(new Request(url, request), largestFile), types);
    const metadata = userMetadata(file.headers.get("x-metadata"));
    return await this.lock.run(writtenKeys(bucket, key), async () => {
      const response = await forward(file);
      if (response.ok) await this.#keepUserMetadata(bucket, key, metadata);
      return response;
    });
  }

  /** What the client says of its file: the package keeps it of signed uploads alone. */
  async #keepUserMetadata(bucket: string, key: string, metadata: string | null): Promise<void> {
    await this.connection.driver`
      update storage.objects set user_metadata = ${metadata}::text::jsonb
      where bucket_id = ${bucket} and name = ${key} and user_metadata is distinct from ${metadata}::text::jsonb`;
  }

  async #remove({ request, url, forward, bucket }: Call): Promise<Response> {
    const body = await readStorageBody(request, "remove");
    const keys = (body.prefixes as string[]).map((key) => fileKey(bucket, key));
    return await this.lock.run(keys, () => forward(withBody(request, url, body)));
  }

  async #limits(bucket: string): Promise<{ largestFile: number; types: string[] }> {
    const [row] = await this.connection.driver<{ bytes: string | null; types: string[] | null }[]>`
      select file_size_limit::text as bytes, allowed_mime_types as types from storage.buckets where id = ${bucket}`;
    return { largestFile: Math.min(this.options.largestFile, Number(row?.bytes ?? Infinity)), types: row?.types ?? [] };
  }

  /** Refuses a signed address whose token is forged, too old, or of another file. */
  async #verify(url: URL, bucket: string, key: string, intent: string): Promise<void> {
    const secret = new TextEncoder().encode(this.options.jwtSecret);
    try {
      const { payload } = await jwtVerify(url.searchParams.get("token") ?? "", secret, { algorithms: ["HS256"] });
      if (payload.bucket === bucket && payload.sub === key && payload.intent === intent) return;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new StorageError(400, "InvalidJWT", error.message);
      throw error;
    }
    throw new StorageError(400, "InvalidSignature", "Invalid signature");
  }

  /** Who calls; the token has been verified. */
  #caller(request: Request): { role: string; jwt: Record<string, unknown> } {
    const bearer = request.headers.get("authorization")?.match(/^Bearer\s+(\S+)$/i)?.[1];
    const isServer = (bearer ?? request.headers.get("apikey")) === this.options.secretKey;
    const claims = bearer?.split(".").length === 3 ? decodeJwt(bearer) : { role: isServer ? "service_role" : "anon" };
    return { role: String(claims.role ?? "anon"), jwt: claims };
  }
}

function fileKey(bucket: string, key: string): string {
  return `file ${bucket}/${key}`;
}

/** Of a file that is written: its own, and its folder's, whose files the policies count in a transaction before it. */
function writtenKeys(bucket: string, key: string): string[] {
  return [fileKey(bucket, key), `folder ${bucket}/${key.split("/")[0]}`];
}

/** Hosted Storage gives addresses that begin below its own, and decodes what supabase-js encodes again. */
function signedAddress({ pathname }: URL, address: string): string {
  return decodeURI(pathname.replace(/^\/storage\/v1/, "")) + address.slice(address.lastIndexOf("?"));
}

function withBody(request: Request, url: URL, body: StorageBody): Request {
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  headers.set("content-type", "application/json");
  return new Request(url, { method: request.method, headers, body: JSON.stringify(body) });
}

/** `?download` and `?download=name` have a browser keep the file. */
function withDisposition(response: Response, url: URL): Response {
  const name = url.searchParams.get("download");
  if (name === null || !response.ok) return response;
  const disposition = name === "" ? "attachment" : `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;
  response.headers.set("content-disposition", disposition);
  return response;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) throw invalidKey(path);
    throw error;
  }
}

/** What Storage tells about a file, of its row. */
function aboutFile({ id, name, version, bucket_id, ...row }: Record<string, unknown>): Record<string, unknown> {
  const { size = null, mimetype = null, cacheControl = null, eTag = null } = (row.metadata ?? {}) as Record<
    string,
    unknown
  >;
  const file = { size, content_type: mimetype, cache_control: cacheControl, etag: eTag };
  const times = { last_modified: row.updated_at, created_at: row.created_at };
  return { id, name, version, bucket_id, ...file, metadata: row.user_metadata ?? null, ...times };
}
