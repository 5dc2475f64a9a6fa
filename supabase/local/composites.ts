/**
 * Functions of the Data API that answer one row. PostgREST has PostgreSQL write it as JSON. `@supabase/lite` reads its
 * columns through the driver, to which rows within them, and arrays of such rows, are text.
 */
import {
  AliasNode,
  IdentifierNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  sql,
  type UnknownRow,
} from "kysely";
import type { Introspection } from "./schema_cache.ts";

/** Whether the path calls a function that answers one row. */
export function answersOneRow(path: string, { functions }: Introspection): boolean {
  const name = path.match(/^\/rest\/v1\/rpc\/([^/]+)$/)?.[1];
  return functions?.some((each) => each.name === name && each.return_typtype === "c" && !each.return_is_setof) ?? false;
}

/** Has the request's first query answer its row as PostgreSQL writes it in JSON. */
export class RowAsJsonPlugin implements KyselyPlugin {
  #query: unknown;

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind !== "SelectQueryNode" || this.#query !== undefined) return node;
    this.#query = queryId;
    const rows = SelectQueryNode.createFrom([AliasNode.create(node, IdentifierNode.create("found"))]);
    const json = AliasNode.create(sql`to_json(found)`.toOperationNode(), IdentifierNode.create("row"));
    return SelectQueryNode.cloneWithSelections(rows, [SelectionNode.create(json)]);
  }

  transformResult({ result, queryId }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    if (queryId !== this.#query) return Promise.resolve(result);
    return Promise.resolve({ ...result, rows: result.rows.map(({ row }) => row as UnknownRow) });
  }
}
