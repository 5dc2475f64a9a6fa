\set b random(1, 10000)
\set p random(1, :products)
begin \; select set_config('request.jwt.claims', '{"role": "authenticated", "sub": "' || md5('buyer' || :b)::uuid || '"}', true), set_config('role', 'authenticated', true) \; select public.purchase(md5('product' || :p)::uuid, 1, gen_random_uuid()::text) \; commit;
