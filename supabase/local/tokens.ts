/**
 * Access tokens. Clients see ES256 tokens and the public key that verifies them, as on hosted Supabase; the package inside
 * knows HS256 only, so a token is verified and signed again on its way in and on its way out. Tokens signed with the
 * shared HS256 secret are accepted too, as a project accepts its legacy secret.
 */
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyResult,
  SignJWT,
} from "jose";

/** A token that does not prove who calls. */
export class InvalidTokenError extends Error {
  constructor(message: string, readonly expired: boolean) {
    super(message);
  }
}

/** What a token says of a person, as an answer of Auth holds it. */
interface Person {
  email?: string;
  phone?: string;
  app_metadata?: Record<string, unknown>;
  user_metadata?: Record<string, unknown>;
  is_anonymous?: boolean;
}

/** Signs and verifies the tokens of one issuer. */
export class Tokens {
  #secret: Uint8Array;
  #issuer: string;
  #key: CryptoKey;
  #keyId: string;
  #publicKeys: ReturnType<typeof createLocalJWKSet>;

  /** The public keys, as clients fetch them. */
  readonly jwks: { keys: JWK[] };

  private constructor(secret: string, issuer: string, key: CryptoKey, jwk: JWK) {
    const { d: _private, ...publicJwk } = jwk;
    this.#secret = new TextEncoder().encode(secret);
    this.#issuer = issuer;
    this.#key = key;
    this.#keyId = jwk.kid ?? "";
    this.jwks = { keys: [{ ...publicJwk, key_ops: ["verify"] }] };
    this.#publicKeys = createLocalJWKSet(this.jwks);
  }

  /** Opens the signing key at `path`, or makes one there that only this user may read. */
  static async open(options: { secret: string; issuer: string; path: string }): Promise<Tokens> {
    const jwk = await readKey(options.path) ?? await makeKey(options.path);
    const key = await importJWK(jwk, "ES256");
    if (!(key instanceof CryptoKey)) throw new Error(`${options.path} holds no ES256 key`);
    return new Tokens(options.secret, options.issuer, key, jwk);
  }

  /**
   * Verifies a token from outside.
   * @returns its claims.
   * @throws InvalidTokenError when it is malformed, forged, expired or not valid yet.
   */
  async verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await this.#verified(token);
      if (payload.iat !== undefined && payload.iat > Date.now() / 1000 + 30) {
        throw new InvalidTokenError("JWT issued at future", false);
      }
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new InvalidTokenError("JWT expired", true);
      if (error instanceof errors.JOSEError || error instanceof TypeError) {
        throw new InvalidTokenError("No suitable key or wrong key type", false);
      }
      throw error;
    }
  }

  /** The same claims for the package inside. */
  inward(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(this.#secret);
  }

  /**
   * A token that the package issued, as clients get it. The package leaves out what GoTrue says of the person in every
   * token; policies read `app_metadata` there, so it is taken from the `user` of the same answer.
   */
  async outward(token: string, user: Person = {}): Promise<string> {
    const { payload } = await jwtVerify(token, this.#secret, { algorithms: ["HS256"] });
    const person = {
      email: user.email ?? "",
      phone: user.phone ?? "",
      app_metadata: user.app_metadata ?? {},
      user_metadata: user.user_metadata ?? {},
      is_anonymous: user.is_anonymous ?? false,
    };
    return new SignJWT({ ...payload, ...person, iss: this.#issuer })
      .setProtectedHeader({ alg: "ES256", kid: this.#keyId, typ: "JWT" })
      .sign(this.#key);
  }

  #verified(token: string): Promise<JWTVerifyResult> {
    const { alg } = decodeProtectedHeader(token);
    if (alg === "HS256") return jwtVerify(token, this.#secret, { algorithms: ["HS256"] });
    return jwtVerify(token, this.#publicKeys, { algorithms: ["ES256"] });
  }
}

async function readKey(path: string): Promise<JWK | undefined> {
  try {
    const keys = JSON.parse(await Deno.readTextFile(path)) as JWK[];
    return keys[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // the first run
    throw new Error(`${path} cannot be read as signing keys`, { cause: error });
  }
}

async function makeKey(path: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk: JWK = { ...await exportJWK(privateKey), alg: "ES256", use: "sig" };
  jwk.kid = await calculateJwkThumbprint(jwk);
  const aside = `${path}.new`;
  await Deno.writeTextFile(aside, JSON.stringify([jwk]), { mode: 0o600 });
  await Deno.rename(aside, path);
  return jwk;
}
