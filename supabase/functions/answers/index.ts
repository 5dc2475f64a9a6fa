/** Serves {@link createHandler} with what the environment names. */
import { surroundings } from "../_shared/surroundings.ts";
import { createHandler } from "./handler.ts";

Deno.serve(createHandler(surroundings((name) => Deno.env.get(name))));
