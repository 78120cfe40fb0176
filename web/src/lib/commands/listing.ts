/** What the palette lists for what was typed: the recent first, then the best; what cannot be done now, last. */
import { GROUPS, type Offer } from "./command";
import { match } from "./fuzzy";

export interface Line {
  readonly id: string;
  readonly label: string;
  /** Where it belongs, or why it cannot be done now. */
  readonly note: string;
  readonly keys: readonly string[];
  readonly isRefused: boolean;
  readonly at: readonly number[];
  run(): void;
}

/** Something to go to by its name. */
export interface Place {
  readonly id: string;
  readonly label: string;
  readonly note: string;
  run(): void;
}

const MOST_LINES = 60;
const REFUSED = 1_000;

export function listed(
  typed: string,
  offers: readonly Offer[],
  places: readonly Place[],
  recent: readonly string[],
): Line[] {
  const isAsking = typed.trim() !== "";
  const found: { line: Line; rank: number }[] = [];
  offers.forEach((offer, place) => {
    const answer = match(typed, offer.label) ?? shifted(match(typed, `${offer.group} ${offer.label}`), offer);
    if (!answer) return;
    const { refusal } = offer;
    const lately = recent.indexOf(offer.id);
    const line: Line = {
      id: offer.id,
      label: offer.label,
      note: refusal ?? offer.group,
      keys: offer.shown,
      isRefused: refusal !== null,
      at: isAsking ? answer.at : [],
      run: () => offer.run(),
    };
    const worth = isAsking
      ? answer.score + (lately < 0 ? 0 : 1)
      : lately < 0
        ? -GROUPS.indexOf(offer.group) - place / 1000
        : 100 - lately;
    found.push({ line, rank: worth - (refusal === null ? 0 : REFUSED) });
  });
  places.forEach((one, place) => {
    const answer = match(typed, one.label);
    // Without a question boards stand behind the commands: there may be many.
    if (answer)
      found.push({
        line: { ...one, keys: [], isRefused: false, at: isAsking ? answer.at : [] },
        rank: isAsking ? answer.score - 0.5 : -100 - place,
      });
  });
  return found
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MOST_LINES)
    .map(({ line }) => line);
}

/** Found with the help of its group's name: only what lies in the label is marked. */
function shifted(answer: ReturnType<typeof match>, { group }: Offer) {
  const by = group.length + 1;
  return (
    answer && {
      score: answer.score - 2,
      at: answer.at.map((place) => place - by).filter((place) => place >= 0),
    }
  );
}

/** The label in pieces, those marked that answer. */
export function marked(label: string, at: readonly number[]): { text: string; isMarked: boolean }[] {
  const places = new Set(at);
  const pieces: { text: string; isMarked: boolean }[] = [];
  [...label].forEach((letter, place) => {
    const isMarked = places.has(place);
    const last = pieces.at(-1);
    if (last?.isMarked === isMarked) last.text += letter;
    else pieces.push({ text: letter, isMarked });
  });
  return pieces;
}
