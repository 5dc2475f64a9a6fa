/** The sentences of a passage, by Unicode's rules. */

/** A sentence: its words, and where it stands, in characters. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Begins a block of its own: a list item, a row of a table, a quotation. */
const BLOCK = /^\s*(?:[-*+\u2022]\s|\d{1,9}[.)]\s|\||>)/;
/** A heading, or a line without words, such as the one below a table's header. */
const SAYS_NOTHING = /^\s*#{1,6}\s|^[^\p{L}\p{N}]*$/u;
/** What stands around a code block. */
const FENCE = /^\s*(?:```|~~~)/;
const MARKER = /^\s*(?:[-*+\u2022]\s+|\d{1,9}[.)]\s+|>\s*)?/;

const SEGMENTER = new Intl.Segmenter("und", { granularity: "sentence" });

/** The sentences of Markdown, in order. Headings, headers of tables and code are left out; a row of a table is one. */
export function sentences(content: string): Sentence[] {
  return blocks(content).flatMap(({ text, at }) => {
    const offset = at + (text.match(MARKER)?.[0].length ?? 0);
    // To Unicode the end of a line ends a sentence; to Markdown it is a space.
    const rest = content.slice(offset, at + text.length).replaceAll("\n", " ");
    const parts = rest.startsWith("|") ? [{ segment: rest, index: 0 }] : [...SEGMENTER.segment(rest)];
    return parts.flatMap(({ segment, index }) => {
      const trimmed = segment.trim();
      if (!/[\p{L}\p{N}]/u.test(trimmed)) return [];
      const from = offset + index + segment.indexOf(trimmed);
      const start = [...content.slice(0, from)].length;
      return [{ text: content.slice(from, from + trimmed.length), start, end: start + [...trimmed].length }];
    });
  });
}

interface Block {
  text: string;
  at: number;
}

/** Paragraphs, items and rows, without what says nothing. */
function blocks(content: string): Block[] {
  const found: Block[] = [];
  let open: Block | undefined, isCode = false, at = 0;
  const lines = content.split("\n");
  for (const [index, line] of lines.entries()) {
    const isHeader = line.trimStart().startsWith("|") && /^\s*\|?[\s|:-]+$/.test(lines[index + 1] ?? "x");
    if (FENCE.test(line)) isCode = !isCode;
    if (isCode || FENCE.test(line) || SAYS_NOTHING.test(line) || isHeader) open = undefined;
    else if (open === undefined || BLOCK.test(line)) found.push(open = { text: line, at });
    else open.text += `\n${line}`;
    at += line.length + 1;
  }
  return found;
}
