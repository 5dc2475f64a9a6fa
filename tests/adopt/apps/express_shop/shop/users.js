import { Router } from "express";
import { asCaller, signIn } from "./caller.js";
import { Refused } from "./errors.js";

export const users = Router();

/** A person: the profile that Supabase Auth and the gateway know. Passwords are Auth's. */
users.get("/", signIn, asCaller(async (client, request) => {
  const { rows } = await client.query(
    "select id, email, phone, display_name, created_at from public.profiles where id = $1",
    [request.claims.sub],
  );
  if (rows.length === 0) throw new Refused(404, "There is no such profile.");
  return rows[0];
}));
