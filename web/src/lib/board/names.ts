/** What an item is called where it is listed: by its name, else by what it shows. */
import type { Picture } from "../canvas/pictures";
import type { Drawing, Item } from "./operations";

const LONGEST = 80;
const SHAPES: Record<Drawing["shape"], string> = {
  PEN: "Stroke",
  LINE: "Line",
  ARROW: "Arrow",
  RECTANGLE: "Rectangle",
  ELLIPSE: "Ellipse",
};

export function nameOf(item: Item, picture: Picture | undefined): string {
  if (item.name) return item.name;
  switch (item.kind) {
    case "IMAGE":
      return picture?.title || picture?.name || "Picture";
    case "NOTE":
      return firstWords(item.note?.text ?? "") || "Empty note";
    case "DRAWING":
      return item.drawing ? SHAPES[item.drawing.shape] : "Drawing";
    case "FRAME":
      return "Frame";
    case "GROUP":
      return "Group";
  }
}

/** The first line of a note, without its marks. */
function firstWords(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line
    .replace(/^#+\s*|^[-*+]\s+/, "")
    .replace(/\*\*|__|`/g, "")
    .slice(0, LONGEST);
}
