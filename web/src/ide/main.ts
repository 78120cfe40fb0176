/** The API explorer: GraphiQL from our own files, talking to /graphql with the session of the browser. */
import "@graphiql/react/dist/style.css";
import "graphiql/src/style.css";
import "$lib/ui/tokens.css";
import "./ide.css";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { fetcher } from "./fetcher";
import { WELCOME } from "./welcome";

function theme(): "dark" | "light" | null {
  const kept = localStorage.getItem("webref.theme");
  return kept === "dark" || kept === "light" ? kept : null;
}

/** GraphiQL's editors have no names of their own for those who hear the page; its panes scroll by mouse only. */
const NAMES: readonly (readonly [string, string])[] = [
  [".graphiql-query-editor", "Operation"],
  ['.graphiql-editor-tool [aria-label="Variables"], [aria-label="Variables"]', "Variables"],
  ['.graphiql-editor-tool [aria-label="Headers"], [aria-label="Headers"]', "Headers"],
  [".result-window", "Result"],
];

function nameEditors(place: HTMLElement): void {
  for (const [selector, name] of NAMES) {
    for (const editor of place.querySelectorAll(selector)) {
      for (const field of editor.querySelectorAll("textarea:not([aria-label])"))
        field.setAttribute("aria-label", name);
    }
  }
  for (const pane of place.querySelectorAll(".CodeMirror-scroll:not([tabindex='0'])"))
    pane.setAttribute("tabindex", "0");
}

const place = document.getElementById("ide");
if (place) {
  const chosen = theme();
  if (chosen) document.documentElement.dataset["theme"] = chosen;
  const toWebref = createElement("a", { href: "/", className: "to-webref" }, "webref");
  const explorer = createElement(
    GraphiQL,
    {
      fetcher,
      defaultQuery: WELCOME,
      defaultEditorToolsVisibility: "variables",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      inputValueDeprecation: true,
      schemaDescription: true,
      ...(chosen ? { forcedTheme: chosen } : {}),
    },
    createElement(GraphiQL.Logo, null, toWebref),
  );
  new MutationObserver(() => nameEditors(place)).observe(place, { childList: true, subtree: true });
  createRoot(place).render(
    createElement("main", { className: "explorer" }, createElement("h1", null, "API explorer"), explorer),
  );
}
