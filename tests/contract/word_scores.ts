/** Reads a question and texts, a JSON array of such pairs, and prints how the answers function scores each. */
import { scores } from "../../supabase/functions/answers/words.ts";

const asked: [string, string[]][] = await new Response(Deno.stdin.readable).json();
console.log(JSON.stringify(asked.map(([question, texts]) => scores(question, texts))));
