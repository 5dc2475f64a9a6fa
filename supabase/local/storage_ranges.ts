/** Parts of files: the header `Range` with one range of bytes (RFC 9110, section 14), as Storage serves it. */

/** The part of the file that the request asks for; all of it for another kind of range. */
export async function partOf(request: Request, response: Response): Promise<Response> {
  const [range, first, last] = request.headers.get("range")?.match(/^bytes=(\d*)-(\d*)$/) ?? [];
  if (request.method !== "GET" || response.status !== 200 || range === undefined || first + last === "") {
    return response;
  }
  const file = await response.blob();
  const start = first === "" ? Math.max(0, file.size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? file.size : Math.min(Number(last) + 1, file.size);
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  if (start >= end) {
    headers.set("content-range", `bytes */${file.size}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set("content-range", `bytes ${start}-${end - 1}/${file.size}`);
  return new Response(file.slice(start, end), { status: 206, headers });
}
