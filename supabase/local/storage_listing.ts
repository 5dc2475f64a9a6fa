/**
 * What lies in a folder of a bucket: files by name, and folders, as hosted Storage's `storage.search` lists them. The package
 * lists every object below a prefix, with its whole path.
 */
import { sql } from "kysely";
import type { Database } from "./role_context.ts";

/** What a client may ask for. */
export interface Listing {
  prefix?: string | null;
  limit?: number | null;
  offset?: number | null;
  search?: string | null;
  sortBy?: { column: string; order?: string } | null;
}

const DEFAULT_LIMIT = 100;

/** Lists a folder with the rights that `db` has. */
export async function listFolder(db: Database, bucket: string, listing: Listing): Promise<unknown[]> {
  const folder = listing.prefix ? `${listing.prefix.replace(/\/$/, "")}/` : "";
  const depth = folder.split("/").length;
  const begins = `${folder}${listing.search ?? ""}`.toLowerCase();
  const column = sql.id(listing.sortBy?.column ?? "name");
  const direction = sql.raw(listing.sortBy?.order === "desc" ? "desc" : "asc");
  const { rows } = await sql<Record<string, unknown>>`
    with found as (
      select path_tokens[${depth}::integer] as name, cardinality(path_tokens) > ${depth}::integer as is_folder,
             id, updated_at, created_at, last_accessed_at, metadata
        from storage.objects
       where bucket_id = ${bucket} and starts_with(lower(name), ${begins}))
    select *
      from (select distinct name, null::uuid as id, null::timestamptz as updated_at, null::timestamptz as created_at,
                   null::timestamptz as last_accessed_at, null::jsonb as metadata, true as is_folder
              from found where is_folder
            union all
            select name, id, updated_at, created_at, last_accessed_at, metadata, false from found where not is_folder
           ) as entries
     order by is_folder desc, ${column} ${direction}, name
     limit ${listing.limit ?? DEFAULT_LIMIT} offset ${listing.offset ?? 0}`.execute(db);
  return rows.map(({ is_folder: _, ...entry }) => entry);
}
