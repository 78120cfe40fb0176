/** Which strings of the code are words that people read, and the same code with each of them asked for in their language. */
import { tsPlugin } from "@sveltejs/acorn-typescript";
import { Parser } from "acorn";
import MagicString from "magic-string";
import { parse } from "svelte/compiler";

/** English as it stands in the code, `{0}` where a value goes; `plural` where a count chooses between the two. */
export interface Message {
  readonly id: string;
  readonly plural?: string;
}

export interface Extracted {
  readonly messages: readonly Message[];
  readonly code: string;
  readonly map: ReturnType<MagicString["generateMap"]>;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [part: string]: unknown;
}

/** `any`: read by people whatever it is; `words`: whatever has letters is; `code`: only what looks like it. */
type Manner = "any" | "words" | "code";

/** Attributes of elements that people read or hear; components may have others, which are known by their looks. */
const READ_ATTRIBUTES = new Set([
  ..."aria-label aria-description aria-roledescription aria-valuetext title placeholder alt label".split(" "),
  ..."hint note about none lead error message".split(" "),
]);
const SILENT_ATTRIBUTES = new Set(
  "id name type href src for form class style tone size autocomplete value".split(" "),
);
const SILENT_ELEMENTS = new Set(["style", "script", "code", "pre", "kbd"]);
/** Properties that hold words, however these look, and those that never do. */
const READ_PROPERTIES = new Set(["label", "title", "about", "hint", "message"]);
const SILENT_PROPERTIES = new Set(
  "keys key kind name id type tone icon value state shape code order mode cursor verb href".split(" "),
);
/** Calls whose second and third arguments are one word for one and for many: ui/words.ts. */
const PLURAL_CALLS = new Set(["counted", "countedInWords"]);
/** Calls whose strings are words, however these look: lib/language/phrase.ts. */
const READ_CALLS = new Set(["phrase"]);
const SILENT_CALLS = new Set(
  (
    "querySelector querySelectorAll closest matches addEventListener removeEventListener getItem setItem " +
    "getAttribute setAttribute removeAttribute has get set includes startsWith endsWith split join replace " +
    "RegExp RangeError TypeError CustomEvent Event DOMException inSigns matchMedia createElement append appendParameter"
  ).split(" "),
);
const COMPARISONS = new Set(["===", "!==", "==", "!=", "in", "instanceof", "<", ">"]);
const KEYS = new Set(
  "Enter Escape Delete Backspace Tab Space Shift Alt Control Meta Mod Home End Insert Process Dead".split(
    " ",
  ),
);

const LETTER = /\p{L}/u;
const COMBINATION = /^(?:(?:Mod|Ctrl|Alt|Shift|Meta)\+)+\S*$/;
const IDENTIFIER = /^\p{Lu}[\p{Ll}\d]*(?:\p{Lu}[\p{Ll}\d]*)+$/u;
const BEGINNING = /^["“‘(…]?\p{Lu}/u;
const AFTER_VALUES = /^["“‘(]?(?:\{\d+\}|[^\p{L}])+\s\p{L}{2,}/u;

/** Whether a string somewhere in a script is likely to be shown: a capital first, and small letters after it. */
export function looksRead(text: string): boolean {
  if (KEYS.has(text) || COMBINATION.test(text) || IDENTIFIER.test(text)) return false;
  if (/^\P{L}*\{0\}/u.test(text)) return AFTER_VALUES.test(text) && !/[<>;=]/.test(text);
  return BEGINNING.test(text) && /\p{Ll}{2}/u.test(text);
}

const TypeScript = Parser.extend(tsPlugin() as never);

/** Before the English, where one file says it in another sense than the rest: gettext's sign between context and words. */
export const BETWEEN = "\u0004";

/** `contextOf`: in which sense this file says it, empty for the usual one. */
export function extract(
  code: string,
  file: string,
  home: string,
  contextOf: (message: Message) => string = () => "",
): Extracted {
  return new Extraction(code, file.endsWith(".svelte"), home, contextOf).run();
}

class Extraction {
  private readonly text: MagicString;
  private readonly messages: Message[] = [];

  constructor(
    private readonly code: string,
    private readonly isComponent: boolean,
    private readonly home: string,
    private readonly contextOf: (message: Message) => string,
  ) {
    this.text = new MagicString(code);
  }

  run(): Extracted {
    const where = this.isComponent ? this.component() : this.module();
    if (this.messages.length) {
      const line = `import { t as t$, forms as forms$ } from "${this.home}";`;
      if (where === null) this.text.prepend(`<script lang="ts">${line}</script>`);
      else this.text.appendLeft(where, line);
    }
    return {
      messages: this.messages,
      code: this.text.toString(),
      map: this.text.generateMap({ hires: true }),
    };
  }

  private module(): number {
    const options = { sourceType: "module", ecmaVersion: "latest", locations: true } as const;
    this.script(TypeScript.parse(this.code, options) as unknown as Node);
    return 0;
  }

  /** Where the import goes; null where there is no script yet. */
  private component(): number | null {
    const root = parse(this.code, { modern: true }) as unknown as Record<string, Node | null>;
    const scripts = [root["module"], root["instance"]].filter((one) => one != null);
    for (const script of scripts) this.script(script["content"] as Node);
    this.fragment(root["fragment"] as Node);
    const first = scripts[0];
    return first ? this.code.indexOf(">", first.start) + 1 : null;
  }

  // What stands in the markup.

  private fragment(fragment: Node, element = ""): void {
    let run: Node[] = [];
    for (const node of fragment["nodes"] as Node[]) {
      if (node.type === "Text" || node.type === "ExpressionTag") {
        run.push(node);
        continue;
      }
      this.texts(run, element);
      run = [];
      this.markup(node);
    }
    this.texts(run, element);
  }

  private markup(node: Node): void {
    switch (node.type) {
      case "Comment":
        return;
      case "Attribute":
        return this.attribute(node, false);
      case "Fragment":
        return this.fragment(node);
    }
    const name = typeof node["name"] === "string" ? node["name"] : "";
    for (const [part, value] of Object.entries(node)) {
      if (part === "fragment" && !SILENT_ELEMENTS.has(name)) this.fragment(value as Node, name);
      else if (part === "attributes")
        for (const one of value as Node[])
          if (one.type === "Attribute") this.attribute(one, node.type === "Component");
          else this.markup(one);
      else if (part !== "fragment" && part !== "metadata" && part !== "name_loc")
        for (const one of nodesIn(value)) {
          if (one.type === "Fragment") this.fragment(one);
          else this.expression(one, "code");
        }
    }
  }

  private attribute(node: Node, ofComponent: boolean): void {
    const name = node["name"] as string;
    const value = node["value"];
    if (value === true) return;
    const isRead = READ_ATTRIBUTES.has(name);
    if (!Array.isArray(value)) {
      this.expression((value as Node)["expression"] as Node, isRead ? "words" : "code");
      return;
    }
    const pieces = value as Node[];
    const { id } = spelled(pieces);
    const meant = isRead || (ofComponent && !SILENT_ATTRIBUTES.has(name) && looksRead(id));
    if (!meant || !LETTER.test(without(id))) {
      for (const piece of pieces)
        if (piece.type === "ExpressionTag")
          this.expression(piece["expression"] as Node, isRead ? "words" : "code");
      return;
    }
    const first = node.start + name.length + 1;
    this.pieces(pieces, first, node.end, id, "", "");
  }

  /** Texts and values that stand beside each other: one message, the white space around it left as it is. */
  private texts(nodes: Node[], element: string): void {
    const { id, before, after } = spelled(nodes);
    if (!LETTER.test(without(id)) || SILENT_ELEMENTS.has(element)) {
      for (const node of nodes)
        if (node.type === "ExpressionTag") this.expression(node["expression"] as Node, "words");
      return;
    }
    this.pieces(nodes, nodes[0]!.start, nodes.at(-1)!.end, id, before, after);
  }

  private pieces(nodes: Node[], from: number, to: number, id: string, before: string, after: string): void {
    const values = nodes.filter((node) => node.type === "ExpressionTag");
    const opening = `${before}{t$(${this.asked({ id })}`;
    if (!values.length) {
      this.text.overwrite(from, to, `${opening})}${after}`);
      return;
    }
    let at = from;
    values.forEach((tag, place) => {
      const inner = tag["expression"] as Node;
      this.text.overwrite(at, tag.start + 1, place === 0 ? `${opening}, [(` : "), (");
      this.expression(inner, "words");
      at = tag.end - 1;
    });
    this.text.overwrite(at, to, `)])}${after}`);
  }

  // What stands in scripts and expressions.

  private script(node: Node): void {
    this.expression(node, "code");
  }

  private expression(node: Node, manner: Manner): void {
    switch (node.type) {
      case "Literal":
        if (typeof node["value"] === "string") this.literal(node, node["value"], manner);
        return;
      case "TemplateLiteral":
        return this.template(node, manner);
      case "TaggedTemplateExpression":
        return this.within(node["quasi"] as Node, "code");
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ImportExpression":
        return;
      case "ExportNamedDeclaration":
        if (node["declaration"]) this.expression(node["declaration"] as Node, "code");
        return;
      case "ConditionalExpression":
        this.expression(node["test"] as Node, "code");
        this.expression(node["consequent"] as Node, manner);
        this.expression(node["alternate"] as Node, manner);
        return;
      case "LogicalExpression":
        this.expression(node["left"] as Node, node["operator"] === "&&" ? "code" : manner);
        this.expression(node["right"] as Node, manner);
        return;
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
        return this.expression(node["expression"] as Node, manner);
      case "BinaryExpression":
        if (COMPARISONS.has(node["operator"] as string)) return this.inComparison(node);
        return this.within(node, manner);
      case "SwitchCase":
        for (const one of node["consequent"] as Node[]) this.expression(one, "code");
        return;
      case "MemberExpression":
        this.expression(node["object"] as Node, "code");
        if (node["computed"] && (node["property"] as Node).type !== "Literal")
          this.expression(node["property"] as Node, "code");
        return;
      case "Property":
      case "PropertyDefinition":
        return this.property(node);
      case "CallExpression":
      case "NewExpression":
        return this.call(node);
      case "ArrayExpression":
        return this.within(node, manner);
    }
    if (node.type.startsWith("TS")) return;
    this.within(node, "code");
  }

  private within(node: Node, manner: Manner): void {
    for (const [part, value] of Object.entries(node))
      if (part !== "loc" && part !== "typeAnnotation" && part !== "returnType")
        for (const one of nodesIn(value)) this.expression(one, manner);
  }

  /** Strings that something is compared with are no words; what is worked out beside them may hold some. */
  private inComparison(node: Node): void {
    for (const side of [node["left"], node["right"]] as Node[])
      if (side.type !== "Literal") this.expression(side, "code");
  }

  private property(node: Node): void {
    const key = node["key"] as Node;
    if (node["computed"]) this.expression(key, "code");
    const name = String(key["name"] ?? key["value"] ?? "");
    const value = node["value"] as Node | null;
    if (!value) return;
    if (SILENT_PROPERTIES.has(name)) this.silently(value);
    else this.expression(value, READ_PROPERTIES.has(name) ? "words" : "code");
  }

  private call(node: Node): void {
    const callee = node["callee"] as Node;
    const called = callee.type === "MemberExpression" ? (callee["property"] as Node) : callee;
    const name = String(called["name"] ?? "");
    this.expression(callee, "code");
    const given = node["arguments"] as Node[];
    if (PLURAL_CALLS.has(name) && given[1]?.type === "Literal") {
      this.plural(given[1], given[2]);
      this.expression(given[0]!, "code");
      return;
    }
    for (const one of given)
      if (SILENT_CALLS.has(name)) this.silently(one);
      else this.expression(one, READ_CALLS.has(name) ? "any" : "code");
  }

  /** What holds no words itself, though functions and calls within may. */
  private silently(node: Node): void {
    if (node.type === "Literal" || node.type === "TemplateLiteral") return;
    if (node.type === "ArrayExpression")
      for (const one of node["elements"] as (Node | null)[]) one && this.silently(one);
    else if (node.type === "ConditionalExpression")
      for (const part of ["test", "consequent", "alternate"]) this.silently(node[part] as Node);
    else if (node.type.startsWith("TS") && node["expression"]) this.silently(node["expression"] as Node);
    else this.expression(node, "code");
  }

  private literal(node: Node, text: string, manner: Manner): void {
    if (!isRead(text, manner)) return;
    this.text.overwrite(node.start, node.end, `t$(${this.asked({ id: text })})`);
  }

  private template(node: Node, manner: Manner): void {
    const quasis = node["quasis"] as { value: { cooked: string } }[];
    const values = node["expressions"] as Node[];
    const id = quasis.map(({ value }, place) => (place ? `{${place - 1}}` : "") + value.cooked).join("");
    if (!isRead(id, manner)) {
      for (const value of values) this.expression(value, manner);
      return;
    }
    const opening = `t$(${this.asked({ id })}`;
    if (!values.length) {
      this.text.overwrite(node.start, node.end, `${opening})`);
      return;
    }
    let at = node.start;
    values.forEach((value, place) => {
      this.text.overwrite(at, value.start, place === 0 ? `${opening}, [(` : "), (");
      this.expression(value, "words");
      at = value.end;
    });
    this.text.overwrite(at, node.end, ")])");
  }

  private plural(one: Node, many: Node | undefined): void {
    const id = one["value"] as string;
    const plural = many?.type === "Literal" ? (many["value"] as string) : `${id}s`;
    const call = `forms$(${this.asked({ id, plural })}, ${JSON.stringify(plural)})`;
    this.text.overwrite(one.start, (many ?? one).end, call);
  }

  /** Notes the message; returns what it is asked for by, as code. */
  private asked(message: Message): string {
    this.messages.push(message);
    const context = this.contextOf(message);
    return JSON.stringify(context ? context + BETWEEN + message.id : message.id);
  }
}

/** The message that pieces of markup make, with the white space before and after it apart. */
function spelled(nodes: readonly Node[]): { id: string; before: string; after: string } {
  let place = 0;
  const whole = nodes
    .map((node) => (node.type === "Text" ? (node["data"] as string) : `{${place++}}`))
    .join("")
    .replace(/\s+/g, " ");
  const id = whole.trim();
  return { id, before: whole.startsWith(" ") ? " " : "", after: whole.endsWith(" ") ? " " : "" };
}

function isRead(id: string, manner: Manner): boolean {
  return manner === "any" || (LETTER.test(without(id)) && (manner === "words" || looksRead(id)));
}

/** What is left to translate of a message. */
function without(id: string): string {
  return id.replace(/\{\d+\}|\bwebref\b|^https?:\/\/\S*$|^\S+@\S+$/g, "");
}

function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one);
  else if (value !== null && typeof value === "object" && typeof (value as Node).type === "string")
    yield value as Node;
}
