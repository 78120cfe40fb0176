/** How the web app is built (into ../build/web), served while developing, and tested. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { precompress } from "./precompress.ts";
import { shell } from "./shell.ts";
import { translations } from "./translations/plugin.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env["WEBREF_DEV_SERVER"] ?? "http://127.0.0.1:8484";

export default defineConfig({
  plugins: [translations(at(".")), svelte(), shell(), precompress()],
  resolve: {
    alias: { $lib: at("./src/lib"), $generated: at("./src/generated") },
    ...(process.env["VITEST"] ? { conditions: ["browser"] } : {}),
  },
  build: {
    outDir: "../build/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000, // kB: the API explorer, which only its own page loads
    rollupOptions: {
      input: [at("./index.html"), at("./ide.html")].filter((page) => existsSync(page)),
      onLog(level, log, report) {
        // Parts of the API explorer are marked for React servers; there is none here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/graphql": { target: server, ws: true, changeOrigin: true },
      "/uploads": { target: server, changeOrigin: true },
      "/files": { target: server, changeOrigin: true },
    },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts", "src/**/*.test.ts"] },
});
