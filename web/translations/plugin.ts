/** While building: words of the code are asked for in the reader's language, catalogues become modules of their own. */
import { readdirSync } from "node:fs";
import { basename, extname, join, relative, sep } from "node:path";
import type { Plugin } from "vite";
import { keyIn, keyOf, read, wordsOf } from "./catalogue.ts";
import { extract, type Message } from "./extraction.ts";
import { HOME, isSource } from "./sources.ts";

/** Tests read the English that stands in the code: there only catalogues are made modules. */
export function translations(web: string): Plugin {
  const folder = join(web, "src");
  /** What some file says in a sense of its own, in any language. */
  let apart = new Set<string>();
  return {
    name: "translations",
    enforce: "pre",
    buildStart() {
      const files = readdirSync(join(web, "translations")).filter((name) => name.endsWith(".po"));
      const items = files.flatMap((name) => read(join(web, "translations", name)).items);
      apart = new Set(items.filter((item) => item.msgctxt).map(keyIn));
    },
    load(id) {
      if (!id.endsWith(".po")) return null;
      this.addWatchFile(id);
      return `export default ${JSON.stringify(wordsOf(read(id)))}`;
    },
    transform: {
      filter: { id: /\.(?:svelte|ts)$/ },
      handler(code, id) {
        if (process.env["VITEST"]) return null;
        const file = relative(folder, id).split(sep).join("/");
        if (file.startsWith("..") || !isSource(file)) return null;
        const context = basename(file, extname(file));
        const contextOf = (message: Message) => (apart.has(keyOf(message, context)) ? context : "");
        const extracted = extract(code, file, HOME, contextOf);
        return extracted.messages.length ? { code: extracted.code, map: extracted.map } : null;
      },
    },
  };
}
