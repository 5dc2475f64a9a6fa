/**
 * Uploaded objects as files. Names are hashes of bucket and key, so that no key can leave the directory and `a` does not
 * stand in the way of `a/b`. Who may read or write is decided before, by row level security on `storage.objects`.
 */
import type { App } from "@supabase/lite";
import { requestScope } from "./request_scope.ts";

type StorageAdapter = NonNullable<App["_storageAdapter"]>;
type ObjectMetadata = Awaited<ReturnType<StorageAdapter["headObject"]>>;
type ObjectResponse = Awaited<ReturnType<StorageAdapter["getObject"]>>;
type UploadBody = Parameters<StorageAdapter["uploadObject"]>[3];

/** What is kept beside an object's bytes. */
interface Sidecar {
  mimetype: string;
  cacheControl: string;
  eTag: string;
}

/** The storage back end that the package asks for, over a directory. */
export class FileStorage implements StorageAdapter {
  readonly driver = null;

  constructor(private readonly directory: string) {}

  async headObject(bucket: string, key: string): Promise<ObjectMetadata> {
    const file = await this.#path(bucket, key);
    const [info, sidecar] = await Promise.all([Deno.stat(file), Deno.readTextFile(`${file}.json`)]);
    return {
      ...JSON.parse(sidecar) as Sidecar,
      size: info.size,
      contentLength: info.size,
      lastModified: info.mtime ?? undefined,
      httpStatusCode: 200,
    };
  }

  async getObject(bucket: string, key: string): Promise<ObjectResponse> {
    const metadata = await this.headObject(bucket, key);
    const body = new Blob([await Deno.readFile(await this.#path(bucket, key))]);
    return { metadata, httpStatusCode: 200, body };
  }

  async uploadObject(
    bucket: string,
    key: string,
    _version: string | undefined,
    body: UploadBody,
    mimetype: string,
    cacheControl: string,
  ): Promise<ObjectMetadata> {
    const bytes = await allBytes(body);
    const eTag = `"${await sha256(bytes)}"`;
    const type = requestScope.getStore()?.uploadedType ?? mimetype;
    await this.#write(await this.#path(bucket, key), bytes, { mimetype: type, cacheControl, eTag });
    return this.headObject(bucket, key);
  }

  async deleteObject(bucket: string, key: string): Promise<void> {
    const file = await this.#path(bucket, key);
    await Promise.all([removeIfPresent(file), removeIfPresent(`${file}.json`)]);
  }

  async deleteObjects(bucket: string, keys: string[]): Promise<void> {
    for (const key of keys) await this.deleteObject(bucket, key);
  }

  async copyObject(
    bucket: string,
    key: string,
    _version: string | undefined,
    toBucket: string,
    toKey: string,
  ): Promise<ObjectMetadata> {
    const { mimetype, cacheControl } = await this.headObject(bucket, key);
    const bytes = await Deno.readFile(await this.#path(bucket, key));
    return this.uploadObject(toBucket, toKey, undefined, bytes, mimetype, cacheControl);
  }

  async privateAssetUrl(bucket: string, key: string): Promise<string> {
    return `file://${await Deno.realPath(await this.#path(bucket, key))}`;
  }

  async #path(bucket: string, key: string): Promise<string> {
    const name = await sha256(new TextEncoder().encode(`${bucket}/${key}`));
    return `${this.directory}/${name.slice(0, 2)}/${name}`;
  }

  /** Writes aside and renames, so that a reader never sees half an object. */
  async #write(file: string, bytes: Uint8Array<ArrayBuffer>, sidecar: Sidecar): Promise<void> {
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    const aside = `${file}.${crypto.randomUUID()}`;
    await Deno.writeFile(aside, bytes);
    await Deno.writeTextFile(`${file}.json`, JSON.stringify(sidecar));
    await Deno.rename(aside, file);
  }
}

async function allBytes(body: UploadBody): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body as BodyInit).arrayBuffer());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function removeIfPresent(file: string): Promise<void> {
  try {
    await Deno.remove(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
