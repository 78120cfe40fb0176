import "$lib/ui/tokens.css";
import "$lib/ui/page.css";
import { mount } from "svelte";
import { startWorker } from "$lib/offline/worker";
import { theme } from "$lib/ui/theme.svelte";
import App from "./App.svelte";

theme.apply();

const target = document.getElementById("app");
if (target) mount(App, { target });

startWorker();
