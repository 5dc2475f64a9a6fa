/** Reads pairs of a function's name and a body, a JSON array, and prints for each whether the function takes the body. */
import { Question as Asked } from "../../supabase/functions/answers/schema.ts";
import { Wish } from "../../supabase/functions/recommend/schema.ts";
import { Question } from "../../supabase/functions/search/schema.ts";

const SCHEMAS = { answers: Asked, search: Question, recommend: Wish };

const asked: [keyof typeof SCHEMAS, unknown][] = await new Response(Deno.stdin.readable).json();
console.log(JSON.stringify(asked.map(([name, body]) => SCHEMAS[name].safeParse(body).success)));
