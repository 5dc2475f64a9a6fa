/** What the local server reads from its environment, checked once at start. */

/** Settings of the local Data API, Auth, Storage and Functions. Paths are absolute or relative to the working directory. */
export interface Settings {
  /** TCP port on 127.0.0.1 that serves everything. */
  port: number;
  /** PostgreSQL as the low-privilege login `supabase_lite`, which may become an API role. */
  databaseUrl: string;
  /** PostgreSQL as `supabase_admin`: reads the catalog only. */
  adminDatabaseUrl: string;
  /** Secret of the HS256 tokens that stay inside this process; also accepted from outside, as hosted projects do. */
  jwtSecret: string;
  /** Key of anonymous clients: role `anon`. */
  publishableKey: string;
  /** Key of servers: role `service_role`, which bypasses row level security. */
  secretKey: string;
  /** File of the ES256 signing keys, made at the first run. */
  signingKeysPath: string;
  /** Directory of uploaded objects. */
  storageDir: string;
  /** Directory of the mails that a hosted project would send. */
  mailsDir: string;
  /** Directory of the Edge Functions. */
  functionsDir: string;
  /** Base URL under which clients reach this server; the issuer of its tokens starts with it. */
  publicUrl: string;
  /** Largest number of rows that one read returns. */
  maxRows: number;
  /** Largest number of bytes that one answer of the Data API has. */
  maxAnswerBytes: number;
}

/** Thrown with every problem at once when the environment is incomplete. */
export class SettingsError extends Error {}

/**
 * Reads the settings.
 * @throws SettingsError naming every variable that is missing or unusable.
 */
export function readSettings(env: (name: string) => string | undefined): Settings {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = env(name) ?? "";
    if (value === "") problems.push(`${name} is not set`);
    return value;
  };
  const positive = (name: string, fallback?: number): number => {
    const value = Number(env(name) ?? fallback ?? NaN);
    if (!Number.isInteger(value) || value < 1) problems.push(`${name} must be a positive integer`);
    return value;
  };
  const port = positive("PORT");
  const settings: Settings = {
    port,
    databaseUrl: required("DATABASE_URL"),
    adminDatabaseUrl: required("ADMIN_DATABASE_URL"),
    jwtSecret: required("JWT_SECRET"),
    publishableKey: required("SUPABASE_PUBLISHABLE_KEY"),
    secretKey: required("SUPABASE_SECRET_KEY"),
    signingKeysPath: required("SIGNING_KEYS_PATH"),
    storageDir: required("STORAGE_DIR"),
    mailsDir: required("MAILS_DIR"),
    functionsDir: required("FUNCTIONS_DIR"),
    publicUrl: env("API_EXTERNAL_URL") ?? `http://127.0.0.1:${port}`,
    maxRows: positive("MAX_ROWS", 1000),
    maxAnswerBytes: positive("DATA_API_MAX_BYTES", 10_000_000),
  };
  if (settings.jwtSecret !== "" && settings.jwtSecret.length < 32) {
    problems.push("JWT_SECRET must have at least 32 characters");
  }
  if (problems.length > 0) throw new SettingsError(problems.join("; "));
  return settings;
}
