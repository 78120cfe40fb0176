/** From the schema's words to the board's: what is read becomes items, pictures and operations. */
import type {
  AtlasFactsFragment,
  ChangeFactsFragment,
  DrawingFactsFragment,
  ItemFactsFragment,
  NoteFactsFragment,
  PictureFactsFragment,
  SimpleFactsFragment,
  SnapshotFactsFragment,
} from "$generated/graphql";
import { Atlas, type AtlasFacts } from "../canvas/atlas";
import type { Picture } from "../canvas/pictures";
import { sayingOf, type Saying } from "../comments/comments";
import {
  BLANK,
  together,
  type Content,
  type Drawing,
  type Edit,
  type Item,
  type Note,
  type Operation,
  type Simple,
  type StylePatch,
} from "./operations";

export interface Read {
  readonly item: Item;
  readonly picture: Picture | null;
}

export function pictureOf(facts: PictureFactsFragment): Picture {
  return {
    ...facts,
    failure: facts.failure ?? null,
    fullUrl: facts.fullUrl ?? null,
    tiles: facts.tiles ?? null,
    animation: facts.animation ?? null,
  };
}

export function atlasOf({ pages, ...facts }: AtlasFactsFragment | AtlasFacts): Atlas {
  const images = (ids: readonly (string | null | undefined)[]) => ids.map((id) => id ?? null);
  return new Atlas({
    ...facts,
    pages: pages.map((page) => ({ url: page.url, images: images(page.images) })),
  });
}

export function itemOf(facts: ItemFactsFragment): Read {
  const { id, transform, z, width, height } = facts;
  const { opacity, grayscale, brightness, contrast, saturation, sampling } = facts;
  const { locked, hidden, name, tags, link } = facts;
  const [kind, content] = contentOf(facts);
  const style = {
    opacity,
    grayscale,
    brightness,
    contrast,
    saturation,
    sampling,
    locked,
    hidden,
    name,
    tags,
    link,
  };
  return {
    picture: facts.__typename === "ImageItem" ? pictureOf(facts.image) : null,
    item: {
      id,
      kind,
      transform,
      width,
      height,
      z,
      parentId: facts.parentId ?? null,
      ...style,
      ...BLANK,
      ...content,
    },
  };
}

function contentOf(facts: ItemFactsFragment): [Item["kind"], Partial<Content>] {
  switch (facts.__typename) {
    case "ImageItem":
      return ["IMAGE", { imageId: facts.image.id, crop: facts.crop ?? null }];
    case "NoteItem":
      return ["NOTE", { note: noteOf({ ...facts, background: facts.paper }) }];
    case "DrawingItem":
      return ["DRAWING", { drawing: drawingOf(facts) }];
    case "FrameItem":
      return ["FRAME", { frame: { background: facts.ground ?? null } }];
    case "GroupItem":
      return ["GROUP", {}];
  }
}

function snapshotOf(facts: SnapshotFactsFragment): Read {
  const { image, crop, note, drawing, frame, parentId, ...rest } = facts;
  return {
    picture: image ? pictureOf(image) : null,
    item: { ...rest, parentId: parentId ?? null, ...shown({ image, crop, note, drawing, frame }) },
  };
}

type Shown = Pick<SnapshotFactsFragment, "image" | "crop" | "note" | "drawing" | "frame">;

function shown({ image, crop, note, drawing, frame }: Shown): Omit<Content, "width" | "height"> {
  return {
    imageId: image?.id ?? null,
    crop: crop ?? null,
    note: note ? noteOf(note) : null,
    drawing: drawing ? drawingOf(drawing) : null,
    frame: frame ? { background: frame.background ?? null } : null,
  };
}

function noteOf({ text, fontSize, colour, background }: NoteFactsFragment): Note {
  return { text, fontSize, colour, background: background ?? null };
}

function drawingOf({ shape, points, pressures, stroke, strokeWidth, fill }: DrawingFactsFragment): Drawing {
  return { shape, points, pressures, stroke, strokeWidth, fill: fill ?? null };
}

function patchOf({ id, ...style }: { readonly id: string }): StylePatch {
  const written = Object.entries(style).filter(([, value]) => value !== null);
  return { id, ...Object.fromEntries(written) };
}

type EditFacts = Extract<SimpleFactsFragment, { __typename: "EditItems" }>["edits"][number];

function editOf(facts: EditFacts): Edit {
  return { id: facts.id, width: facts.width, height: facts.height, ...shown(facts) };
}

export interface ReadChange {
  /** Null for comments and the board's own words, and for operations newer than this app. */
  readonly operation: Operation | null;
  readonly sayings: readonly Saying[];
  readonly pictures: readonly Picture[];
}

export function changeOf({ operation }: ChangeFactsFragment): ReadChange {
  const pictures: Picture[] = [];
  const told = operation.__typename === "Compound" ? operation.operations : [operation];
  const sayings = told.map(sayingOf).filter((saying) => saying !== null);
  const parts = told.map((part) => simpleOf(part, pictures)).filter((part) => part !== null);
  return { operation: parts.length ? together(parts) : null, sayings, pictures };
}

/** Adds the pictures that it tells of. */
function simpleOf(operation: SimpleFactsFragment, pictures: Picture[]): Simple | null {
  const items = (facts: readonly SnapshotFactsFragment[]): Item[] =>
    facts.map((one) => {
      const { item, picture } = snapshotOf(one);
      if (picture) pictures.push(picture);
      return item;
    });
  switch (operation.__typename) {
    case "AddItems":
      return { kind: "add", items: items(operation.items) };
    case "RestoreItems":
      return { kind: "restore", items: items(operation.items) };
    case "RemoveItems":
      return { kind: "remove", ids: operation.ids };
    case "TransformItems":
      return { kind: "transform", items: operation.placements };
    case "RestyleItems":
      return { kind: "restyle", items: operation.styles.map(patchOf) };
    case "ReorderItems":
      return { kind: "reorder", items: operation.ranks };
    case "EditItems":
      for (const { image } of operation.edits) if (image) pictures.push(pictureOf(image));
      return { kind: "edit", items: operation.edits.map(editOf) };
    case "RegroupItems":
      return {
        kind: "regroup",
        items: operation.memberships.map(({ id, parentId }) => ({ id, parentId: parentId ?? null })),
      };
    default:
      return null;
  }
}
