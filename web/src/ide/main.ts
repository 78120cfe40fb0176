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

const place = document.getElementById("ide");
if (place) {
  const chosen = theme();
  if (chosen) document.documentElement.dataset["theme"] = chosen;
  const toWebref = createElement("a", { href: "/", className: "to-webref" }, "webref");
  createRoot(place).render(
    createElement(
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
    ),
  );
}
