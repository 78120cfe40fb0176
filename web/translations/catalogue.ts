/** A catalogue: a PO file of one language, English as it stands in the code beside what people read instead. */
import { readFileSync } from "node:fs";
import PO from "pofile";
import { BETWEEN, type Message } from "./extraction.ts";

type Item = InstanceType<typeof PO.Item>;

/** What the browser loads: by the English, or by the file's name and the English where only that file says it so. */
export type Words = Record<string, string | readonly string[]>;

export function keyOf(message: Message, context = ""): string {
  const form = message.plural === undefined ? message.id : `${message.id}|${message.plural}`;
  return context ? context + BETWEEN + form : form;
}

export function read(path: string): PO {
  return PO.parse(readFileSync(path, "utf8"));
}

export function keyIn(item: Item): string {
  const plural = item.msgid_plural ? { plural: item.msgid_plural } : {};
  return keyOf({ id: item.msgid, ...plural }, item.msgctxt);
}

export function isFull(item: Item, forms: number): boolean {
  const wanted = item.msgid_plural ? forms : 1;
  return item.msgstr.length === wanted && item.msgstr.every((text) => text !== "");
}

export function wordsOf(catalogue: PO): Words {
  const words: Words = {};
  for (const item of catalogue.items)
    if (item.msgstr.every((text) => text))
      words[keyIn(item)] = item.msgid_plural ? item.msgstr : (item.msgstr[0] ?? "");
  return words;
}

/** The catalogue with a place for every message, and none for what is not said any more; sorted, so that two branches merge. */
export function brought(catalogue: PO, messages: Iterable<Message>): PO {
  const known = new Map(catalogue.items.map((item) => [keyIn(item), item]));
  const kept = new Map<string, Item>();
  for (const message of messages) {
    const key = keyOf(message);
    kept.set(key, known.get(key) ?? blank(message, formsOf(catalogue)));
    for (const [other, item] of known)
      if (item.msgctxt && keyOf(message, item.msgctxt) === other) kept.set(other, item);
  }
  const fresh = new PO();
  fresh.headers = catalogue.headers;
  fresh.comments = catalogue.comments;
  fresh.items = [...kept].sort(([a], [b]) => (plain(a) < plain(b) ? -1 : 1)).map(([, item]) => item);
  return fresh;
}

export function formsOf(catalogue: PO): number {
  return Number(/nplurals=(\d+)/.exec(catalogue.headers["Plural-Forms"] ?? "")?.[1] ?? 2);
}

function blank(message: Message, forms: number): Item {
  const item = new PO.Item();
  item.msgid = message.id;
  if (message.plural !== undefined) item.msgid_plural = message.plural;
  item.msgstr = Array.from({ length: message.plural === undefined ? 1 : forms }, () => "");
  return item;
}

/** Sorted by the English alone, contexts right behind what they qualify. */
function plain(key: string): string {
  const [context, form] = key.includes(BETWEEN) ? (key.split(BETWEEN) as [string, string]) : ["", key];
  return `${form}${BETWEEN}${context}`;
}
