import { z } from "zod";

const SIZE = 20;
const Asked = z.object({ page: z.coerce.number().int().min(1).default(1) });

/** A page of 20 rows of a query that is ordered, with the links to the pages beside it. */
export async function pageOf(client, request, query, parameters = []) {
  const { page } = Asked.parse(request.query);
  const count = Number((await client.query(`select count(*) from (${query}) q`, parameters)).rows[0].count);
  const { rows } = await client.query(`${query} limit ${SIZE} offset ${SIZE * (page - 1)}`, parameters);
  return {
    count,
    next: SIZE * page < count ? link(request, page + 1) : null,
    previous: page > 1 ? link(request, page - 1) : null,
    results: rows,
  };
}

function link(request, page) {
  const { publicPath } = request.app.locals.settings;
  const url = new URL(`${request.protocol}://${request.hostname}${publicPath}${request.originalUrl}`);
  url.searchParams.set("page", page);
  return url.href;
}
