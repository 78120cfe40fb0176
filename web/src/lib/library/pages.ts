/** Pages of a document, as people name them and as they are asked for. */

/** "1-3, 7" → [1, 2, 3, 7]; in words what is wrong with it. */
export function pagesNamed(text: string, last: number): number[] | string {
  const found = new Set<number>();
  for (const piece of text.split(/[,;]/).map((one) => one.trim())) {
    if (!piece) continue;
    const range = /^(\d{1,6})(?:\s*[-–]\s*(\d{1,6})?)?$/.exec(piece);
    if (!range) return `“${piece}” is no page: write 1-3, 7.`;
    const from = Number(range[1]);
    const to = range[2] ? Number(range[2]) : /[-–]$/.test(piece) ? last : from;
    if (from < 1 || from > to) return `“${piece}” is no page: write 1-3, 7.`;
    if (to > last) return `There are ${last} pages: there is no page ${Math.max(to, from)}.`;
    for (let page = from; page <= to; page += 1) found.add(page);
  }
  return found.size ? [...found].sort((a, b) => a - b) : "Name a page, such as 1-3, 7.";
}
