/** `npm run words` brings the catalogues up to the code; with `check` it only says what they lack, and fails. */
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brought, formsOf, isFull, keyIn, keyOf, read } from "./catalogue.ts";
import { messagesIn } from "./sources.ts";

/** Returns how many words are wrong or missing. */
export function run(web: string, only: "check" | "update"): number {
  const folder = join(web, "translations");
  const messages = messagesIn(join(web, "src"));
  let wrong = 0;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".po"))) {
    const path = join(folder, name);
    const now = read(path);
    const next = brought(now, messages.keys());
    if (only === "update") writeFileSync(path, `${next.toString().trimEnd()}\n`);
    const problems = [...lacking(next, messages), ...broken(next), ...gone(now, next)];
    if (problems.length === 0) continue;
    wrong += problems.length;
    console.error(`${basename(name, ".po")}: ${problems.length} to do in web/translations/${name}`);
    for (const problem of problems) console.error(`  ${problem}`);
  }
  if (wrong && only === "check")
    console.error("`make words` makes room for them; fill in every empty msgstr.");
  return wrong;
}

function* lacking(catalogue: ReturnType<typeof read>, messages: Map<Parameters<typeof keyOf>[0], string[]>) {
  const files = new Map([...messages].map(([message, where]) => [keyOf(message), where]));
  for (const item of catalogue.items)
    if (!isFull(item, formsOf(catalogue)))
      yield `missing: ${JSON.stringify(item.msgid)} (${(files.get(keyIn(item)) ?? []).join(", ")})`;
}

/** A translation keeps every value of its English, in any order. */
function* broken(catalogue: ReturnType<typeof read>) {
  const places = (text: string) => [...text.matchAll(/\{\d+\}/g)].map(String).sort().join();
  for (const item of catalogue.items)
    for (const text of item.msgstr)
      if (text && places(text) !== places(item.msgid))
        yield `other values than in English: ${JSON.stringify(item.msgid)}`;
}

function* gone(now: ReturnType<typeof read>, next: ReturnType<typeof read>) {
  const kept = new Set(next.items.map(keyIn));
  for (const item of now.items)
    if (!kept.has(keyIn(item))) yield `not said any more: ${JSON.stringify(item.msgid)}`;
}
