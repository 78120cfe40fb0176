/** Writes the service worker into the build, with the names of the files that make up the app. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const SOURCE = fileURLToPath(new URL("./src/service-worker.js", import.meta.url));
/** Beside what the build makes: from public/. */
const BESIDE = ["/icon.svg", "/icon-192.png", "/icon-512.png", "/manifest.webmanifest"];
/** Only the page of the API explorer loads these. */
const EXPLORER = /^assets\/ide-/;

export function shell(): Plugin {
  return {
    name: "shell",
    apply: "build",
    async generateBundle(_options, bundle) {
      const made = Object.keys(bundle).filter(
        (name) => name.startsWith("assets/") && !name.endsWith(".map") && !EXPLORER.test(name),
      );
      const page = bundle["index.html"];
      const version = createHash("sha256")
        .update(made.sort().join("\n"))
        .update(page && "source" in page ? String(page.source) : "")
        .digest("hex")
        .slice(0, 16);
      const files = [...made.map((name) => `/${name}`), ...BESIDE];
      const source = (await readFile(SOURCE, "utf8")).replace(
        "__SHELL__;",
        `${JSON.stringify({ version, files })};`,
      );
      this.emitFile({ type: "asset", fileName: "service-worker.js", source });
    },
  };
}
