import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import PO from "pofile";
import { expect, test } from "vitest";
import { counted } from "$lib/ui/words";
import { brought, formsOf, isFull, keyIn, wordsOf } from "../translations/catalogue.ts";
import { extract, looksRead, type Message } from "../translations/extraction.ts";

const HOME = "home";

function said(code: string, file = "Some.svelte"): readonly Message[] {
  return extract(code, file, HOME).messages;
}

function rewritten(code: string, file = "Some.svelte", contextOf?: (message: Message) => string): string {
  return extract(code, file, HOME, contextOf).code;
}

test("texts with the values between them are one message, and what is around them stays", () => {
  const code = `<script lang="ts">let n = 1;</script><p>made {ago(n)} by\n  {name} <b>Now</b></p>`;
  expect(said(code)).toEqual([{ id: "made {0} by {1}" }, { id: "Now" }]);
  expect(rewritten(code)).toBe(
    `<script lang="ts">import { t as t$, forms as forms$ } from "home";let n = 1;</script>` +
      `<p>{t$("made {0} by {1}", [(ago(n)), (name)])} <b>{t$("Now")}</b></p>`,
  );
});

test("attributes that are read are words; other attributes are not", () => {
  expect(
    said(`<img alt="A {kind} tree" class="Big One" src="/Tree.png" title={full ? "Full" : "part"} />`),
  ).toEqual([{ id: "A {0} tree" }, { id: "Full" }, { id: "part" }]);
  expect(said(`<Row none="No rows yet." name="Lead" tone="Danger" href="Some where" />`)).toEqual([
    { id: "No rows yet." },
  ]);
});

test("keys, styles and programs in the markup are no words", () => {
  expect(said(`<style>a { color: red }</style><kbd>Esc</kbd><code>make run</code><p>12 · {n}</p>`)).toEqual(
    [],
  );
});

test("strings that are compared with, keys and names of things are no words, labels are", () => {
  const code = `
    import { thing } from "Some place";
    const table = [{ keys: ["Delete", "Mod+z"], kind: "Panning", label: "Delete", run: () => say("It is gone.") }];
    if (event.key === "Escape" || state.name !== "Idle") items["Some key"] = document.querySelector("Some thing");
    switch (item.__typename) { case "ImageItem": throw new RangeError("Never shown"); }
    type Shape = "Round" | "Square";
  `;
  expect(said(code, "some.ts").map(({ id }) => id)).toEqual(["Delete", "It is gone."]);
});

test("templates keep their values in place, values within them are translated as well", () => {
  const code = "say(`Move ${counted(n, 'item')} to ${title || 'Untitled'}`);";
  expect(said(code, "some.ts")).toEqual([
    { id: "Move {0} to {1}" },
    { id: "item", plural: "items" },
    { id: "Untitled" },
  ]);
  expect(rewritten(code, "some.ts")).toContain(
    `say(t$("Move {0} to {1}", [(counted(n, forms$("item", "items"))), (title || t$("Untitled"))]));`,
  );
});

test("what does not look like words is one where it says so", () => {
  expect(
    said("const now = phrase('just now'), order = phrase(`${verb} ${count}`), dull = 'just now';", "a.ts"),
  ).toEqual([{ id: "just now" }, { id: "{0} {1}" }]);
});

test("a file may say something in a sense of its own", () => {
  const code = rewritten(`const label = { label: "Open" };`, "a.ts", ({ id }) =>
    id === "Open" ? "People" : "",
  );
  expect(code).toContain('t$("People\\u0004Open")');
});

test("looks tell words in scripts from everything else", () => {
  for (const words of [
    "Some words",
    "Undo",
    "“{0}” is back.",
    "{0} could not be added",
    "{0}{1}: click to follow",
  ])
    expect(looksRead(words), words).toBe(true);
  for (const other of [
    "ArrowLeft",
    "Shift+2",
    "Enter",
    "IMAGE",
    "{0}px {1}",
    "some-class",
    "{0}/{1}",
    "translate({0})",
  ])
    expect(looksRead(other), other).toBe(false);
});

test("a catalogue gets a place for every message, keeps what it has, and loses what nobody says", () => {
  const old = PO.parse(`msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n
msgid "Gone"\nmsgstr "Weg"\n\nmsgctxt "People"\nmsgid "Open"\nmsgstr "Offen"\n\nmsgid "Open"\nmsgstr "Öffnen"\n`);
  const now = brought(old, [{ id: "Undo" }, { id: "Open" }, { id: "item", plural: "items" }]);
  expect(now.items.map((item) => [item.msgid, item.msgstr])).toEqual([
    ["Open", ["Öffnen"]],
    ["Open", ["Offen"]],
    ["Undo", [""]],
    ["item", ["", ""]],
  ]);
  expect(now.items.filter((item) => !isFull(item, formsOf(now))).map(keyIn)).toEqual(["Undo", "item|items"]);
  expect(wordsOf(now)).toEqual({ Open: "Öffnen", "People\u0004Open": "Offen" });
});

test("index.html names every catalogue, so that its language can be chosen", () => {
  const folder = join(process.cwd(), "translations");
  const codes = readdirSync(folder).flatMap((name) => /^(\w+)\.po$/.exec(name)?.[1] ?? []);
  const page = readFileSync(join(folder, "../index.html"), "utf8");
  expect(/data-languages="([^"]*)"/.exec(page)?.[1]?.split(" ")).toEqual(["en", ...codes.sort()]);
});

test("counts choose among the forms of a language", () => {
  expect(counted(1, ["Bild", "Bilder"])).toBe("1 Bild");
  expect(counted(2, ["Bild", "Bilder"])).toBe("2 Bilder");
  expect(counted(0, "picture")).toBe("0 pictures");
});
