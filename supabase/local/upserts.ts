/**
 * Upserts set what PostgREST's set: every column of the body. `@supabase/lite` leaves out the columns of the conflict, so
 * that an upsert succeeds here which a hosted project refuses for want of the right to update the key.
 */
import {
  type ColumnNode,
  ColumnUpdateNode,
  type InsertQueryNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  sql,
  type UnknownRow,
} from "kysely";

/** Rewrites `on conflict … do update` of every insert so that it sets all the columns that the insert names. */
export class UpsertPlugin implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node.kind === "InsertQueryNode" && node.onConflict?.updates ? withEveryColumnSet(node) : node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}

function withEveryColumnSet(node: InsertQueryNode): InsertQueryNode {
  const columns = node.columns ?? [];
  // Rows of nothing but defaults have nothing to set.
  const action = columns.length === 0
    ? { updates: undefined, doNothing: true }
    : { updates: columns.map(fromExcluded) };
  return { ...node, onConflict: { ...node.onConflict, kind: "OnConflictNode", ...action } };
}

function fromExcluded(column: ColumnNode): ColumnUpdateNode {
  return ColumnUpdateNode.create(column, sql`excluded.${sql.id(column.column.name)}`.toOperationNode());
}
