import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  define: { "process.env.IS_PREACT": JSON.stringify("false"), "process.env.NODE_ENV": JSON.stringify("production") },
  build: { outDir: "dist", chunkSizeWarningLimit: 20_000 },
  logLevel: "error",
});
