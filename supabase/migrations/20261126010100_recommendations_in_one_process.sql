-- Purpose: ten products are recommended without parallel workers. The planner does not know how few are wanted, and for
-- visitors of a shop of 100,000 products starting workers took 9 of 9.5 ms.
-- Undo: alter function public.recommend(uuid, text, integer, text) reset max_parallel_workers_per_gather.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter function public.recommend(uuid, text, integer, text) set max_parallel_workers_per_gather = 0;
