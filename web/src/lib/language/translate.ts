/** The words of the page's language. The build writes the calls (translations/plugin.ts); in the code stands English. */
import { language } from "./language";

type Words = Readonly<Record<string, string | readonly string[]>>;

const CATALOGUES = import.meta.glob<Words>("../../../translations/*.po", { import: "default" });

// Whatever says something imports this module and so waits here: nothing is ever shown in the wrong language.
const words: Words = (await catalogue(language)) ?? {};

const BETWEEN = "\u0004";
const PLACE = /\{(\d+)\}/g;

/** English when the catalogue cannot be had: better than nothing at all. */
async function catalogue(code: string): Promise<Words | undefined> {
  try {
    return await CATALOGUES[`../../../translations/${code}.po`]?.();
  } catch {
    return undefined;
  }
}

/** `{0}` stands for the first value. What has another sense in one file is asked for by that file's name before it. */
export function t(english: string, values?: readonly unknown[]): string {
  const found = words[english];
  const text = typeof found === "string" ? found : own(english);
  return values ? text.replace(PLACE, (_, place: string) => String(values[Number(place)] ?? "")) : text;
}

/** The forms of a word for counts, in the order of the language's plural rules. */
export function forms(one: string, many: string): readonly string[] {
  const found = words[`${one}|${many}`];
  return Array.isArray(found) ? found : [own(one), many];
}

function own(english: string): string {
  return english.slice(english.indexOf(BETWEEN) + 1);
}
