/** Serves {@link createHandler} with what the environment names. */
import { createHandler, surroundings } from "./handler.ts";

Deno.serve(createHandler(surroundings((name) => Deno.env.get(name))));
