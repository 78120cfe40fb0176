/** The files whose words are translated, and all that these say. */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { extract, type Message } from "./extraction.ts";

const SOURCE = /\.(?:svelte|ts)$/;
/** The API explorer speaks English; workers and generated types say nothing. */
const SILENT = /(?:^|\/)(?:generated|ide|language)\/|\.d\.ts$|\.worker\.ts$|\.test\.ts$/;

export const HOME = "$lib/language/translate";

export function isSource(file: string): boolean {
  return SOURCE.test(file) && !SILENT.test(file);
}

/** Every message of the app with the files that say it. */
export function messagesIn(folder: string): Map<Message, string[]> {
  const found = new Map<string, [Message, string[]]>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const file = relative(folder, path).split(sep).join("/");
    if (!entry.isFile() || !isSource(file)) continue;
    for (const message of extract(readFileSync(path, "utf8"), file, HOME).messages) {
      const key = JSON.stringify([message.id, message.plural]);
      const [, files] = found.get(key) ?? found.set(key, [message, []]).get(key)!;
      if (files.at(-1) !== file) files.push(file);
    }
  }
  return new Map(found.values());
}
