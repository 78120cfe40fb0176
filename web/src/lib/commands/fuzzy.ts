/** How well words answer what was typed: whole words before beginnings, beginnings before letters in order. */

export interface Match {
  /** The higher the better. */
  readonly score: number;
  /** Places of the letters that answer, ascending. */
  readonly at: readonly number[];
}

/** Every word that was typed must be found, in any order. Null: one is not. An empty question is answered by all. */
export function match(typed: string, words: string): Match | null {
  const text = plain(words);
  const at = new Set<number>();
  let score = 0;
  for (const term of plain(typed).split(/\s+/)) {
    if (!term) continue;
    const found = bestOf(term, text);
    if (!found) return null;
    score += found.score;
    for (const place of found.at) at.add(place);
  }
  // Of two that answer alike, the shorter says it more exactly.
  return { score: score - text.length / 1000, at: [...at].sort((a, b) => a - b) };
}

/** Without accents and case, letter for letter, so that places stay true. */
function plain(text: string): string {
  return [...text].map((letter) => fold(letter)).join("");
}

function fold(letter: string): string {
  const bare = letter.normalize("NFD").charAt(0).toLowerCase();
  return bare.length === letter.length ? bare : letter;
}

function bestOf(term: string, text: string): Match | null {
  let best: Match | null = null;
  for (let start = text.indexOf(term[0]!); start >= 0; start = text.indexOf(term[0]!, start + 1)) {
    const found = from(start, term, text);
    if (found && (!best || found.score > best.score)) best = found;
  }
  return best;
}

/** The letters in order from there on, each at the next beginning of a word where there is one, else as near as may be. */
function from(start: number, term: string, text: string): Match | null {
  const at = [start];
  let score = begins(text, start) ? 8 : 1;
  for (let i = 1; i < term.length; i++) {
    const last = at.at(-1)!;
    let next = last + 1;
    if (text[next] !== term[i]) {
      const anywhere = text.indexOf(term[i]!, next);
      if (anywhere < 0) return null;
      next = anywhere;
      for (let other = anywhere; other >= 0; other = text.indexOf(term[i]!, other + 1)) {
        if (!begins(text, other)) continue;
        next = other;
        break;
      }
    }
    score += next === last + 1 ? 5 : begins(text, next) ? 4 : -Math.min(3, (next - last) / 4);
    at.push(next);
  }
  const isWhole = at.at(-1)! - start === term.length - 1 && ends(text, at.at(-1)!);
  return { score: score + (isWhole ? 4 : 0) - start / 100, at };
}

const begins = (text: string, at: number) => at === 0 || /[\s,/(-]/.test(text[at - 1]!);
const ends = (text: string, at: number) => at === text.length - 1 || /[\s,/)-]/.test(text[at + 1]!);
