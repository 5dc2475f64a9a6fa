/**
 * How much of a question's words a sentence has: BM25 over pieces of words, for any language without a stemmer. The same as
 * the gateway's (gateway/answers/words.py), so that both quote alike; a test compares them.
 */

const K1 = 1.2, B = 0.75;
/** Letters of a piece: `mooring` and `moored` share `moor`. */
const GRAM = 4, GRAM_OF_SYLLABLES = 2;
const WORDS = /[\p{L}\p{N}\p{M}_]+/gu;
/** Scripts without spaces between words. */
const UNSPACED = /^[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/;
/** Scripts whose signs are syllables or words. */
const SYLLABLES = /^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+/;
/** Japanese endings and particles. */
const HIRAGANA = /^[\u3040-\u309f]+$/;

/** Every four letters of every word, its beginning and end marked where it has some; syllables two by two. */
export function pieces(text: string): string[] {
  return [...folded(text).matchAll(WORDS)].flatMap(([word]) => {
    const size = SYLLABLES.test(word) ? GRAM_OF_SYLLABLES : GRAM;
    const marked = [...UNSPACED.test(word) ? word : `^${word}$`];
    const count = Math.max(1, marked.length - size + 1);
    return Array.from({ length: count }, (_, at) => marked.slice(at, at + size).join(""));
  });
}

/** Without case: `Straße` is `STRASSE`, and a sigma at the end is one. */
function folded(text: string): string {
  return text.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

function askedAbout(question: string): string[] {
  const found = [...new Set(pieces(question))];
  const telling = found.filter((piece) => !HIRAGANA.test(piece));
  return telling.length > 0 ? telling : found;
}

/** BM25 of each text for the question, among these texts, and the most that the question could reach. */
export function scores(question: string, texts: readonly string[]): { found: number[]; reachable: number } {
  const counts = texts.map((text) => counted(pieces(text)));
  const lengths = counts.map((count) => [...count.values()].reduce((sum, each) => sum + each, 0));
  const average = lengths.reduce((sum, each) => sum + each, 0) / lengths.length || 1;
  const weights = askedAbout(question).map((piece) => {
    const having = counts.filter((count) => count.has(piece)).length;
    return [piece, Math.log(1 + (counts.length - having + 0.5) / (having + 0.5))] as const;
  });
  const found = counts.map((count, index) =>
    weights.reduce((sum, [piece, weight]) => {
      const often = count.get(piece) ?? 0;
      return sum + weight * often * (K1 + 1) / (often + K1 * (1 - B + B * lengths[index] / average));
    }, 0)
  );
  return { found, reachable: (K1 + 1) * weights.reduce((sum, [, weight]) => sum + weight, 0) };
}

function counted(pieces: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const piece of pieces) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return counts;
}
