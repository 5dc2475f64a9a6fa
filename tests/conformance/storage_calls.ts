/** Calls of Storage. */
import { raw, type World } from "./world.ts";

export async function storageCalls(world: World): Promise<void> {
  const { recorder, client, publishableKey, service } = world;
  const call = recorder.call.bind(recorder);
  const name = `conformance-${crypto.randomUUID()}`;
  const text = (content = "hello") => new Blob([content], { type: "text/plain" });
  const files = service.storage.from(name), none = service.storage.from(`${name}-none`);
  const visitor = client(publishableKey).storage.from(name);
  const options = { public: false, allowedMimeTypes: ["text/plain"], fileSizeLimit: 1000 };

  await call("storage: make a bucket", () => service.storage.createBucket(name, options));
  await call("storage: make a bucket, name taken", () => service.storage.createBucket(name));
  await call("storage: make a bucket as nobody", () => client(publishableKey).storage.createBucket(`${name}-x`));
  await call("storage: list buckets", () => service.storage.listBuckets());
  await call("storage: bucket", () => service.storage.getBucket(name));
  await call("storage: bucket, unknown", () => service.storage.getBucket(`${name}-none`));
  await call("storage: change a bucket", () => service.storage.updateBucket(name, options));
  await call("storage: upload", () => files.upload("folder/a.txt", text()));
  await call("storage: upload, name taken", () => files.upload("folder/a.txt", text()));
  await call("storage: upload in its place", () => files.upload("folder/a.txt", text("again"), { upsert: true }));
  await call("storage: upload, unknown bucket", () => none.upload("a.txt", text()));
  await call("storage: upload, bad name", () => files.upload("a%b.txt", text()));
  await call("storage: upload, wrong type", () => files.upload("a.html", new Blob(["x"], { type: "text/html" })));
  await call("storage: upload, too large", () => files.upload("large.txt", text("x".repeat(2_000))));
  await call("storage: upload as nobody", () => visitor.upload("b.txt", text()));
  await call("storage: replace", () => files.update("folder/a.txt", text("changed")));
  await call("storage: download", () => files.download("folder/a.txt"));
  await call("storage: download, unknown", () => files.download("none.txt"));
  await call("storage: download as nobody", () => visitor.download("folder/a.txt"));
  await call("storage: part of a file", () => (
    raw(
      world,
      `/storage/v1/object/authenticated/${name}/folder/a.txt`,
      { headers: { range: "bytes=0-2" } },
      world.secretKey,
    )
  ));
  await call(
    "storage: public address of a private file",
    () => raw(world, `/storage/v1/object/public/${name}/folder/a.txt`),
  );
  await call("storage: about a file", () => files.info("folder/a.txt"));
  await call("storage: about a file, unknown", () => files.info("none.txt"));
  await call("storage: exists", () => files.exists("folder/a.txt"));
  await call("storage: exists, unknown", () => files.exists("none.txt"));
  await call("storage: list", () => files.list("folder"));
  await call("storage: list, folders", () => files.list());
  await call("storage: list, searched", () => files.list("folder", { search: "nothing" }));
  const { data } = await call("storage: signed address", () => files.createSignedUrl("folder/a.txt", 60));
  await call("storage: signed address, read", () => recorder.fetch(data?.signedUrl ?? world.url));
  await call("storage: signed address, forged", () => recorder.fetch(`${data?.signedUrl ?? world.url}x`));
  await call("storage: signed address, unknown", () => files.createSignedUrl("none.txt", 60));
  await call("storage: signed addresses", () => files.createSignedUrls(["folder/a.txt", "none.txt"], 60));
  const upload = await call("storage: signed upload", () => files.createSignedUploadUrl("b.txt"));
  await call(
    "storage: signed upload, made",
    () => visitor.uploadToSignedUrl("b.txt", upload.data?.token ?? "", text()),
  );
  await call("storage: signed upload, of another file", () => (
    visitor.uploadToSignedUrl("c.txt", upload.data?.token ?? "", text())
  ));
  await call("storage: copy", () => files.copy("b.txt", "c.txt"));
  await call("storage: copy, unknown", () => files.copy("none.txt", "d.txt"));
  await call("storage: move", () => files.move("c.txt", "d.txt"));
  await call("storage: move, unknown", () => files.move("none.txt", "e.txt"));
  await call("storage: image, made smaller", () => (
    raw(world, `/storage/v1/render/image/authenticated/${name}/folder/a.txt?width=10`, {}, world.secretKey)
  ));
  await call("storage: remove", () => files.remove(["d.txt"]));
  await call("storage: remove, unknown", () => files.remove(["none.txt"]));
  await call("storage: delete a bucket, not empty", () => service.storage.deleteBucket(name));
  await call("storage: empty a bucket", () => service.storage.emptyBucket(name));
  await call("storage: delete a bucket", () => service.storage.deleteBucket(name));
  await call("storage: delete a bucket, unknown", () => service.storage.deleteBucket(name));
}
