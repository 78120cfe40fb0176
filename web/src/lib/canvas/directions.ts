/** Scripts that are read from the right, on a canvas that only draws from the left: what stands where in a line. */
import type { Run } from "./notes";

const FROM_RIGHT = String.raw`\p{scx=Arab}\p{scx=Hebr}\p{scx=Syrc}\p{scx=Thaa}\p{scx=Nkoo}\p{scx=Adlm}`;
const LETTER = /\p{L}/u;
const FROM_RIGHT_LETTER = new RegExp(`(?=\\p{L})[${FROM_RIGHT}]`, "u");
const STRETCHES = new RegExp(
  `(?:(?=[\\p{L}\\p{M}])[${FROM_RIGHT}])+|[\\p{L}\\p{M}\\p{N}]+|[^\\p{L}\\p{M}\\p{N}]+`,
  "gu",
);
const NEUTRAL = /^[^\p{L}\p{M}\p{N}]/u;

/** Its first letter says from where a line is read. */
export function readsFromRight(text: string): boolean {
  const first = LETTER.exec(text);
  return first !== null && FROM_RIGHT_LETTER.test(first[0]);
}

/** The runs of one line in the order in which they stand from left to right. */
export function asSeen(runs: readonly Run[], fromRight: boolean): Run[] {
  if (!fromRight && !runs.some((run) => FROM_RIGHT_LETTER.test(run.text))) return [...runs];
  const seen: Run[][] = [];
  for (const run of stretchesOf(runs, fromRight)) {
    const last = seen.at(-1);
    if (last && last[0]!.fromRight === run.fromRight) last.push(run);
    else seen.push([run]);
  }
  // Within what is read from the right the later stands to the left; so it is with the whole of such a line.
  for (const group of seen) if (group[0]!.fromRight) group.reverse();
  if (fromRight) seen.reverse();
  return seen.flat();
}

/** Cut where the direction changes. What has none goes with what is on both its sides, else with the line. */
function stretchesOf(runs: readonly Run[], fromRight: boolean): Run[] {
  const cut = runs.flatMap((run) =>
    (run.text.match(STRETCHES) ?? []).map((text) => ({
      run,
      text,
      fromRight: NEUTRAL.test(text) ? null : FROM_RIGHT_LETTER.test(text),
    })),
  );
  const result: Run[] = [];
  let owner: Run | null = null;
  let before = fromRight;
  for (const [i, one] of cut.entries()) {
    const after = cut.slice(i).find((other) => other.fromRight !== null)?.fromRight ?? fromRight;
    const direction: boolean = one.fromRight ?? (before === after ? before : fromRight);
    before = one.fromRight ?? before;
    const last = result.at(-1);
    if (last && owner === one.run && last.fromRight === direction)
      result[result.length - 1] = { ...last, text: last.text + one.text };
    else result.push({ ...one.run, text: one.text, fromRight: direction });
    owner = one.run;
  }
  return result;
}
