/**
 * Fractional indexes, the same as the server's (domain/ordering.py): a rank can always be found between two
 * others. An integer part whose first letter tells sign and length, then a fraction that never ends in 0.
 */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FIRST = "a0";
const LOWEST = `A${"0".repeat(26)}`;
const HIGHEST = "z".repeat(27);

/** Bytewise, as the server sorts: ranks are ASCII, so code units do. */
export function compareRanks(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isRank(text: string): boolean {
  if (text === "" || [...text].some((letter) => !DIGITS.includes(letter))) return false;
  const size = integerSize(text[0]!);
  return size > 0 && size <= text.length && text !== LOWEST && !(text.length > size && text.endsWith("0"));
}

/** A rank after `low` and before `high`; null is the open end. RangeError unless low < high. */
export function rankBetween(low: string | null, high: string | null): string {
  requireOrder(low, high);
  if (low === null) {
    if (high === null) return FIRST;
    const [whole, fraction] = parts(high);
    if (whole === LOWEST) return whole + middle("", fraction);
    const below = fraction ? whole : before(whole);
    return below === LOWEST ? below + middle("", null) : below;
  }
  const [whole, fraction] = parts(low);
  if (high !== null && parts(high)[0] === whole) return whole + middle(fraction, parts(high)[1]);
  if (whole !== HIGHEST) {
    const following = after(whole);
    if (high === null || following < high) return following;
  }
  return whole + middle(fraction, null);
}

/** `count` ascending ranks between the two: counted up or down at an open end, halved between two. */
export function ranksBetween(low: string | null, high: string | null, count: number): string[] {
  requireOrder(low, high);
  if (count <= 0) return [];
  const ranks: string[] = [];
  if (high === null) {
    for (let i = 0; i < count; i++) ranks.push((low = rankBetween(low, null)));
    return ranks;
  }
  if (low === null) {
    for (let i = 0; i < count; i++) ranks.push((high = rankBetween(null, high)));
    return ranks.reverse();
  }
  const half = Math.floor(count / 2);
  const between = rankBetween(low, high);
  return [...ranksBetween(low, between, half), between, ...ranksBetween(between, high, count - half - 1)];
}

function requireOrder(low: string | null, high: string | null): void {
  for (const end of [low, high]) {
    if (end !== null && !isRank(end)) throw new RangeError(`${end} is no rank`);
  }
  if (low !== null && high !== null && low >= high)
    throw new RangeError(`${low} does not come before ${high}`);
}

/** Letters in the integer part, its head included; 0 for a digit, which heads nothing. */
function integerSize(head: string): number {
  if (head >= "a" && head <= "z") return head.charCodeAt(0) - "a".charCodeAt(0) + 2;
  if (head >= "A" && head <= "Z") return "Z".charCodeAt(0) - head.charCodeAt(0) + 2;
  return 0;
}

function parts(rank: string): [string, string] {
  const size = integerSize(rank[0]!);
  return [rank.slice(0, size), rank.slice(size)];
}

function after(whole: string): string {
  return stepped(whole, 1) ?? (whole[0] === "Z" ? FIRST : longer(whole, 1, "0"));
}

function before(whole: string): string {
  return stepped(whole, -1) ?? (whole[0] === "a" ? "Zz" : longer(whole, -1, "z"));
}

/** The neighbouring integer of the same length, or null when there is none. */
function stepped(whole: string, step: 1 | -1): string | null {
  const [last, reset] = step === 1 ? ["z", "0"] : ["0", "z"];
  const digits = whole.slice(1);
  let end = digits.length;
  while (end > 0 && digits[end - 1] === last) end -= 1;
  if (end === 0) return null;
  const changed = DIGITS[DIGITS.indexOf(digits[end - 1]!) + step]!;
  return whole[0] + digits.slice(0, end - 1) + changed + reset.repeat(digits.length - end);
}

function longer(whole: string, step: 1 | -1, digit: string): string {
  const head = String.fromCharCode(whole.charCodeAt(0) + step);
  return head + digit.repeat(integerSize(head) - 1);
}

/** A short fraction strictly between two (high null: one whole); neither ends in 0. */
function middle(low: string, high: string | null): string {
  let result = "";
  const places = low.length + (high?.length ?? 0) + 1;
  for (let place = 0; place < places; place++) {
    const floor = place < low.length ? DIGITS.indexOf(low[place]!) : 0;
    const ceiling = high === null ? DIGITS.length : place < high.length ? DIGITS.indexOf(high[place]!) : 0;
    if (ceiling - floor > 1) return result + DIGITS[Math.floor((floor + ceiling) / 2)]!;
    result += DIGITS[floor]!;
    if (ceiling > floor) high = null;
  }
  return result;
}
