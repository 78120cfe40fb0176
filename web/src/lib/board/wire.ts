/** Between the schema's words and the board's: what is read becomes items and pictures, what is done becomes a mutation. */
import {
  AddItemsDocument,
  EditNotesDocument,
  RemoveItemsDocument,
  ReorderItemsDocument,
  RestoreItemsDocument,
  RestyleItemsDocument,
  TransformItemsDocument,
  type ChangeFactsFragment,
  type ItemFactsFragment,
  type NewItemInput,
  type NoteInput,
  type PictureFactsFragment,
  type SnapshotFactsFragment,
} from "$generated/graphql";
import type { Picture } from "../canvas/pictures";
import { request } from "../graphql/client";
import { normalDegrees, type Transform } from "../geometry/shapes";
import type { Item, Note, NoteEdit, Operation } from "./operations";

/** The schema's bound on every list. */
export const MOST_PER_MUTATION = 500;

export interface Read {
  readonly item: Item;
  readonly picture: Picture | null;
}

export function pictureOf(facts: PictureFactsFragment): Picture {
  return { ...facts, failure: facts.failure ?? null };
}

export function itemOf(facts: ItemFactsFragment): Read {
  const isImage = facts.__typename === "ImageItem";
  return {
    picture: isImage ? pictureOf(facts.image) : null,
    item: {
      id: facts.id,
      kind: isImage ? "IMAGE" : "NOTE",
      transform: facts.transform,
      width: facts.width,
      height: facts.height,
      z: facts.z,
      opacity: facts.opacity,
      grayscale: facts.grayscale,
      locked: facts.locked,
      hidden: facts.hidden,
      name: facts.name,
      imageId: isImage ? facts.image.id : null,
      note: isImage
        ? null
        : {
            text: facts.text,
            fontSize: facts.fontSize,
            colour: facts.colour,
            background: facts.background ?? null,
          },
    },
  };
}

function snapshotOf(facts: SnapshotFactsFragment): Read {
  const { image, note, ...rest } = facts;
  return {
    picture: image ? pictureOf(image) : null,
    item: { ...rest, imageId: image?.id ?? null, note: note ? noteOf(note) : null },
  };
}

function noteOf(note: {
  text: string;
  fontSize: number;
  colour: string;
  background?: string | null | undefined;
}): Note {
  return {
    text: note.text,
    fontSize: note.fontSize,
    colour: note.colour,
    background: note.background ?? null,
  };
}

export interface ReadChange {
  /** Null for the board's own words, and for operations newer than this app. */
  readonly operation: Operation | null;
  readonly pictures: readonly Picture[];
}

export function changeOf({ operation }: ChangeFactsFragment): ReadChange {
  const pictures: Picture[] = [];
  const items = (facts: readonly SnapshotFactsFragment[]): Item[] =>
    facts.map((one) => {
      const { item, picture } = snapshotOf(one);
      if (picture) pictures.push(picture);
      return item;
    });
  const read = (): Operation | null => {
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
        return {
          kind: "restyle",
          items: operation.styles.map((style) => ({
            id: style.id,
            opacity: style.opacity ?? undefined,
            grayscale: style.grayscale ?? undefined,
            locked: style.locked ?? undefined,
            hidden: style.hidden ?? undefined,
            name: style.name ?? undefined,
          })),
        };
      case "ReorderItems":
        return { kind: "reorder", items: operation.ranks };
      case "EditItems":
        return {
          kind: "note",
          items: operation.edits.flatMap(({ note, ...edit }) => (note ? [{ ...edit, note: noteOf(note) }] : [])),
        };
      default:
        return null;
    }
  };
  return { operation: read(), pictures };
}

/** The schema takes finite numbers and degrees in [0, 360). */
function transformInput(transform: Transform): Transform {
  return { ...transform, rotation: normalDegrees(transform.rotation) };
}

function noteInput({ note, width, height }: Omit<NoteEdit, "id">): NoteInput {
  return { ...note, width, height };
}

function newItem(item: Item): NewItemInput {
  return {
    id: item.id,
    content: item.note
      ? { note: noteInput({ note: item.note, width: item.width, height: item.height }) }
      : { imageId: item.imageId! },
    transform: transformInput(item.transform),
    z: item.z,
    opacity: item.opacity,
    grayscale: item.grayscale,
    hidden: item.hidden,
    locked: item.locked,
    name: item.name,
  };
}

/** Sends one operation as one mutation. `clientMutationId` makes a repeat harmless. */
export async function sendOperation(
  boardId: string,
  clientMutationId: string,
  operation: Operation,
): Promise<ChangeFactsFragment> {
  const common = { boardId, clientMutationId };
  switch (operation.kind) {
    case "add": {
      const input = { ...common, items: operation.items.map(newItem) };
      return (await request(AddItemsDocument, { input })).addItems.change;
    }
    case "remove": {
      const input = { ...common, ids: [...operation.ids] };
      return (await request(RemoveItemsDocument, { input })).removeItems.change;
    }
    case "restore": {
      const input = { ...common, ids: operation.items.map((item) => item.id) };
      return (await request(RestoreItemsDocument, { input })).restoreItems.change;
    }
    case "transform": {
      const items = operation.items.map(({ id, transform }) => ({
        id,
        transform: transformInput(transform),
      }));
      return (await request(TransformItemsDocument, { input: { ...common, items } })).transformItems.change;
    }
    case "restyle": {
      const input = { ...common, items: operation.items.map((patch) => ({ ...patch })) };
      return (await request(RestyleItemsDocument, { input })).restyleItems.change;
    }
    case "reorder": {
      const input = { ...common, items: operation.items.map((rank) => ({ ...rank })) };
      return (await request(ReorderItemsDocument, { input })).reorderItems.change;
    }
    case "note": {
      const items = operation.items.map((edit) => ({ id: edit.id, note: noteInput(edit) }));
      return (await request(EditNotesDocument, { input: { ...common, items } })).editNotes.change;
    }
  }
}

/** The operation in parts that the schema's list bound allows. */
export function inParts(operation: Operation): Operation[] {
  const list: readonly unknown[] = operation.kind === "remove" ? operation.ids : operation.items;
  if (list.length <= MOST_PER_MUTATION) return [operation];
  const parts: Operation[] = [];
  for (let at = 0; at < list.length; at += MOST_PER_MUTATION) {
    const slice = list.slice(at, at + MOST_PER_MUTATION);
    parts.push(
      (operation.kind === "remove"
        ? { kind: "remove", ids: slice }
        : { ...operation, items: slice }) as Operation,
    );
  }
  return parts;
}
