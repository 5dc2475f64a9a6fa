-- Returns one row, is_migrated: whether every function that the gateway calls exists and may be called by its role.
select count(distinct p.proname) = 12 as is_migrated
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'private'
  and p.proname in (
    'search_as', 'explain_search_as', 'search_recall_as', 'failed_documents_as', 'active_embedding_model',
    'embedding_model_as', 'embedding_queue_status', 'file_queue_status', 'recommend_as', 'read_source_as',
    'my_orders_as', 'heartbeat')
  and pg_catalog.has_schema_privilege(n.oid, 'usage')
  and pg_catalog.has_function_privilege(p.oid, 'execute')
