/** Who calls, and where. */
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Recorder } from "./recording.ts";

export interface World {
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly recorder: Recorder;
  /** A client with this key that nobody has signed in to. */
  readonly client: (key: string) => SupabaseClient;
  /** With the secret key. */
  readonly service: SupabaseClient;
  /** Somebody who is signed in, and whose account ends with the calls. */
  readonly person: SupabaseClient;
  readonly email: string;
  readonly password: string;
}

/** A request without an SDK. */
export function raw(world: World, path: string, init: RequestInit = {}, key = world.publishableKey): Promise<Response> {
  const headers = { apikey: key, ...init.headers as Record<string, string> };
  return world.recorder.fetch(`${world.url}${path}`, { ...init, headers });
}
