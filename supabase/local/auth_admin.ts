/**
 * The part of Auth's admin API that the package lacks: creating, listing, reading, changing and deleting people with the
 * secret key. Same tables, same password hashes, same answers as GoTrue, so that both client libraries work.
 */
import bcrypt from "bcryptjs";
import { base64url } from "jose";
import type postgres from "postgres";
import { AuthError, readFields, requireAddress } from "./auth_bodies.ts";
import { addressKey, personKey } from "./auth_requests.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import { isSqlError } from "./sql_errors.ts";

const PATH = /^\/auth\/v1\/admin\/users(?:\/([0-9a-f-]{36}))?\/?$/i;
const BCRYPT_COST = 10; // GoTrue's
const BCRYPT_HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** What a client may say about a person. */
interface UserChange {
  id?: string;
  email?: string;
  phone?: string;
  password?: string;
  password_hash?: string;
  role?: string;
  email_confirm?: boolean;
  phone_confirm?: boolean;
  should_soft_delete?: boolean;
  ban_duration?: string;
  app_metadata?: Record<string, unknown>;
  user_metadata?: Record<string, unknown>;
}

type Row = Record<string, unknown> & { id: string };

/** Serves `/auth/v1/admin/…`. */
export class AuthAdmin {
  #sql: postgres.Sql;
  #secretKey: string;
  #shortestPassword: number;
  #lock: KeyedLock;

  constructor(sql: postgres.Sql, secretKey: string, shortestPassword: number, lock: KeyedLock) {
    this.#sql = sql;
    this.#secretKey = secretKey;
    this.#shortestPassword = shortestPassword;
    this.#lock = lock;
  }

  /** Answers one request whose credentials have been admitted. */
  async handle(request: Request): Promise<Response> {
    try {
      return await this.#route(request);
    } catch (error) {
      const refused = asAuthError(error);
      if (refused === undefined) throw error;
      return refused.toResponse();
    }
  }

  async #route(request: Request): Promise<Response> {
    if (request.headers.get("apikey") !== this.#secretKey) throw new AuthError(403, "not_admin", "User not allowed");
    const url = new URL(request.url);
    const match = url.pathname.match(PATH);
    if (match === null) throw new AuthError(501, "not_implemented", "The local stack does not offer this admin call");
    const id = match[1];
    const verb = `${request.method} ${id === undefined ? "users" : "user"}`;
    if (verb === "GET users") return this.#list(url.searchParams);
    if (verb === "GET user") return Response.json(await this.#read(id));
    const change = await readChange(request);
    const keys = [...id === undefined ? [] : [personKey(id)], ...change.email ? [addressKey(change.email)] : []];
    const perform = () => {
      if (verb === "POST users") return this.#create(change);
      if (verb === "PUT user") return this.#update(id, change);
      if (verb === "DELETE user") return change.should_soft_delete ? this.#markDeleted(id) : this.#delete(id);
      throw new AuthError(405, "method_not_allowed", `${request.method} is not possible here`);
    };
    return Response.json(await this.#lock.run(keys, perform));
  }

  async #list(query: URLSearchParams): Promise<Response> {
    const page = positive(query.get("page"), 1);
    const size = positive(query.get("per_page"), 50);
    const rows = await this.#sql<Row[]>`
      select *, count(*) over ()::int as total from auth.users where deleted_at is null
       order by created_at desc, id limit ${size} offset ${(page - 1) * size}`;
    const total = Number(rows[0]?.total ?? 0);
    const last = Math.max(1, Math.ceil(total / size));
    const link = [page < last ? `<${page + 1}>; rel="next"` : "", `<${last}>; rel="last"`]
      .filter(Boolean).map((entry) => entry.replace(/<(\d+)>/, `</admin/users?page=$1&per_page=${size}>`)).join(", ");
    const headers = { "x-total-count": String(total), link };
    return Response.json({ users: rows.map((row) => person(row, [])), aud: "authenticated" }, { headers });
  }

  async #read(id: string): Promise<unknown> {
    const [row] = await this.#sql<Row[]>`select * from auth.users where id = ${id} and deleted_at is null`;
    if (row === undefined) throw new AuthError(404, "user_not_found", "User not found");
    return person(row, await this.#sql<Row[]>`select * from auth.identities where user_id = ${id}`);
  }

  async #create(change: UserChange): Promise<unknown> {
    const id = change.id ?? crypto.randomUUID();
    const email = change.email?.trim().toLowerCase();
    const phone = plainPhone(change.phone);
    if (!email && !phone) {
      throw new AuthError(400, "validation_failed", "Cannot create a user without either an email or phone");
    }
    const hash = await this.#hashOf(change);
    const appMetadata = { provider: "email", providers: ["email"], ...change.app_metadata };
    const identity = { sub: id, email, email_verified: change.email_confirm === true, phone_verified: false };
    await this.#sql.begin(async (sql) => {
      await sql`
        insert into auth.users (id, aud, role, email, phone, encrypted_password, email_confirmed_at,
                                raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        values (${id}, 'authenticated', ${change.role ?? "authenticated"}, ${email ?? null}, ${phone},
                ${hash}, ${change.email_confirm ? sql`now()` : null}, ${json(sql, appMetadata)},
                ${json(sql, change.user_metadata ?? {})}, now(), now())`;
      if (email === undefined) return;
      await sql`
        insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
        values (${crypto.randomUUID()}, 'email', ${id}, ${id}, ${json(sql, identity)}, now(), now())`;
    });
    return this.#read(id);
  }

  async #update(id: string, change: UserChange): Promise<unknown> {
    const sql = this.#sql;
    const hash = await this.#passwordHash(change.password);
    const ban = change.ban_duration;
    const banned = ban === undefined
      ? sql`banned_until`
      : ban === "none"
      ? sql`null::timestamptz`
      : sql`now() + ${ban}::interval`;
    const rows = await sql`
      update auth.users
         set email = coalesce(${change.email?.trim().toLowerCase() ?? null}, email),
             phone = coalesce(${plainPhone(change.phone)}, phone),
             role = coalesce(${change.role ?? null}, role),
             encrypted_password = coalesce(${hash}, encrypted_password),
             email_confirmed_at = case when ${change.email_confirm === true}
                                       then coalesce(email_confirmed_at, now()) else email_confirmed_at end,
             banned_until = ${banned},
             raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || ${json(sql, change.app_metadata ?? {})},
             raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${json(sql, change.user_metadata ?? {})},
             updated_at = now()
       where id = ${id} and deleted_at is null
      returning id`;
    if (rows.length === 0) throw new AuthError(404, "user_not_found", "User not found");
    return this.#read(id);
  }

  /** The hash of a new person: of a password, or the one that is moved here from elsewhere. */
  async #hashOf(change: UserChange): Promise<string | null> {
    const moved = change.password_hash;
    if (moved === undefined) return await this.#passwordHash(change.password);
    if (change.password !== undefined) {
      throw new AuthError(400, "validation_failed", "Only a password or a password hash should be provided");
    }
    // GoTrue verifies Argon2 and Firebase's scrypt as well.
    if (!BCRYPT_HASH.test(moved)) {
      throw new AuthError(400, "validation_failed", "The local stack takes hashes of bcrypt alone");
    }
    return moved;
  }

  async #passwordHash(password: string | undefined): Promise<string | null> {
    if (password === undefined) return null;
    if (password.length < this.#shortestPassword) {
      throw new AuthError(422, "weak_password", `Password should be at least ${this.#shortestPassword} characters.`);
    }
    return await bcrypt.hash(password, BCRYPT_COST);
  }

  async #delete(id: string): Promise<unknown> {
    // A large account is closed by a trigger, and counted as not deleted: the worker deletes it in pieces.
    const rows = await this.#sql`
      with gone as (delete from auth.users where id = ${id})
      select id from auth.users where id = ${id}`;
    if (rows.length === 0) throw new AuthError(404, "user_not_found", "User not found");
    return {};
  }

  /** A soft deletion: the row stays, says nothing of the person any more, and its address is free. */
  async #markDeleted(id: string): Promise<unknown> {
    await this.#sql.begin(async (sql) => {
      const [row] = await sql<{ email: string | null; phone: string | null }[]>`
        select email, phone from auth.users where id = ${id} and deleted_at is null for update`;
      if (row === undefined) throw new AuthError(404, "user_not_found", "User not found");
      await sql`
        update auth.users
           set email = ${await disguised(id, row.email)}, phone = ${await disguised(id, row.phone)},
               encrypted_password = null, confirmation_token = '', recovery_token = '', email_change = '',
               email_change_token_new = '', email_change_token_current = '', raw_user_meta_data = '{}',
               raw_app_meta_data = '{}', deleted_at = now(), updated_at = now()
         where id = ${id}`;
      const identities = await sql<{ id: string; provider_id: string }[]>`
        select id, provider_id from auth.identities where user_id = ${id}`;
      for (const identity of identities) {
        const provided = await disguised(id, identity.provider_id);
        await sql`
          update auth.identities set provider_id = ${provided}, identity_data = '{}' where id = ${identity.id}`;
      }
      await sql`delete from auth.refresh_tokens where user_id::text = ${id}`;
      await sql`delete from auth.sessions where user_id = ${id}`;
    });
    return {};
  }
}

/** What stands for a value of somebody who is gone: the same for the same value, and not to be read back. */
async function disguised(id: string, value: string | null): Promise<string | null> {
  if (!value) return null;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id + value));
  return base64url.encode(new Uint8Array(digest));
}

/** A person as GoTrue shows one. */
function person(row: Row, identities: Row[]) {
  const { raw_app_meta_data, raw_user_meta_data, ...user } = row;
  const shown = ["id", "aud", "role", "email", "phone", "email_confirmed_at", "phone_confirmed_at", "confirmed_at"]
    .concat("last_sign_in_at", "banned_until", "created_at", "updated_at", "is_anonymous");
  return {
    ...Object.fromEntries(shown.filter((name) => user[name] != null).map((name) => [name, user[name]])),
    email: user.email ?? "",
    phone: user.phone ?? "",
    app_metadata: raw_app_meta_data ?? {},
    user_metadata: raw_user_meta_data ?? {},
    identities: identities.map(({ id, provider_id, ...identity }) => ({
      ...identity,
      identity_id: id,
      id: provider_id,
    })),
  };
}

async function readChange(request: Request): Promise<UserChange> {
  const change: UserChange = readFields(await request.text());
  requireAddress(change.email);
  return change;
}

/** A number as GoTrue stores it: without the plus. */
function plainPhone(phone: string | undefined): string | null {
  return phone?.replace(/^\+|\s/g, "") || null;
}

function asAuthError(error: unknown): AuthError | undefined {
  if (error instanceof AuthError) return error;
  if (isSqlError(error) && error.code === "23505") {
    return new AuthError(422, "email_exists", "A user with this email address has already been registered");
  }
  if (isSqlError(error) && error.code.startsWith("22")) return new AuthError(400, "validation_failed", error.message);
  return undefined;
}

/** A jsonb parameter. */
function json(sql: postgres.Sql | postgres.TransactionSql, value: Record<string, unknown>) {
  return sql.json(value as postgres.JSONValue);
}

function positive(text: string | null, fallback: number): number {
  const value = Number(text ?? fallback);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
