// Prints, on standard output, the SQL that creates the tables of the `auth` and `storage` schemas.
//
// The tables are those of the Data API package itself, so that the two never disagree about a column. The local
// bootstrap runs this once per cluster and applies the text as the database administrator, where an error is seen,
// rather than letting the API create them at its first start.
import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";

const parts = [getAuthSchemaSql(), getStorageSchemaSql()];
console.log(parts.map((sql) => sql.trim().replace(/;*$/, ";")).join("\n\n"));
