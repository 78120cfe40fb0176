/** Runs command.ts, which Node 20 cannot by itself. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const { module } = await runnerImport(`${here}/command.ts`, {
  configFile: false,
  root: here,
  logLevel: "error",
});
const [, , asked] = process.argv;
const isCheck = asked === "check";
const lacks = module.run(dirname(here), isCheck ? "check" : "update");
process.exit(isCheck && lacks ? 1 : 0);
