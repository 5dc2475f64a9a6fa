/**
 * Which pages may call a function, and how. Hosted Supabase leaves preflights to the function. No cookie is read, so `*`
 * gives a page nothing that its own server could not ask for.
 */
export const CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  // Whatever the SDK sends, now and later. `*` leaves out `authorization` alone, which has to be named.
  "access-control-allow-headers": "authorization, *",
  "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
  "access-control-expose-headers": "*",
  "access-control-max-age": "3600",
  // The page may read Server-Timing of the answer as well.
  "timing-allow-origin": "*",
};
