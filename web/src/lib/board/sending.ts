/** From the board's words to the schema's: what is done becomes one mutation, sent with an id that makes a repeat harmless. */
import {
  AddItemsDocument,
  EditDrawingsDocument,
  EditFramesDocument,
  EditNotesDocument,
  RemoveItemsDocument,
  ReorderItemsDocument,
  RestoreItemsDocument,
  RestyleItemsDocument,
  TransformItemsDocument,
  type ChangeFactsFragment,
  type ItemContentInput,
  type NewItemInput,
} from "$generated/graphql";
import { request } from "../graphql/client";
import { normalDegrees, type Transform } from "../geometry/shapes";
import { MOST_IDS, MOST_PER_MUTATION } from "./deeds";
import type { Edit, Item, Simple, StylePatch } from "./operations";

/** What every mutation of a board's content says. */
export interface Envelope {
  readonly boardId: string;
  readonly clientMutationId: string;
}

/** The schema takes finite numbers and degrees in [0, 360). */
export function transformInput(transform: Transform): Transform {
  return { ...transform, rotation: normalDegrees(transform.rotation) };
}

function contentInput({ width, height, imageId, note, drawing, frame }: Omit<Edit, "id">): ItemContentInput {
  if (note) return { note: { ...note, width, height } };
  if (drawing) return { drawing: drawingInput(drawing, width, height) };
  if (frame) return { frame: { ...frame, width, height } };
  return imageId ? { imageId } : { group: true };
}

function drawingInput(drawing: NonNullable<Edit["drawing"]>, width: number, height: number) {
  return { ...drawing, points: [...drawing.points], pressures: [...drawing.pressures], width, height };
}

export function newItem(item: Item): NewItemInput {
  const { id, z, parentId, crop, opacity, grayscale, brightness, contrast, saturation, sampling } = item;
  const { locked, hidden, name, tags, link } = item;
  return {
    id,
    content: contentInput(item),
    ...(item.imageId ? { width: item.width, crop } : {}),
    ...(item.kind === "GROUP" ? {} : { transform: transformInput(item.transform) }),
    z,
    parentId,
    opacity,
    grayscale,
    brightness,
    contrast,
    saturation,
    sampling,
    locked,
    hidden,
    name,
    tags: [...tags],
    link,
  };
}

/** Sends a simple operation as the mutation of its name. Of contents it edits those of one kind at a time. */
export async function sendOperation(envelope: Envelope, operation: Simple): Promise<ChangeFactsFragment> {
  switch (operation.kind) {
    case "add": {
      const input = { ...envelope, items: operation.items.map(newItem) };
      return (await request(AddItemsDocument, { input })).addItems.change;
    }
    case "remove": {
      const input = { ...envelope, ids: [...operation.ids] };
      return (await request(RemoveItemsDocument, { input })).removeItems.change;
    }
    case "restore": {
      const input = { ...envelope, ids: operation.items.map((item) => item.id) };
      return (await request(RestoreItemsDocument, { input })).restoreItems.change;
    }
    case "transform": {
      const items = operation.items.map(({ id, transform }) => ({
        id,
        transform: transformInput(transform),
      }));
      return (await request(TransformItemsDocument, { input: { ...envelope, items } })).transformItems.change;
    }
    case "restyle": {
      const items = operation.items.map(styleInput);
      return (await request(RestyleItemsDocument, { input: { ...envelope, items } })).restyleItems.change;
    }
    case "reorder": {
      const input = { ...envelope, items: operation.items.map((rank) => ({ ...rank })) };
      return (await request(ReorderItemsDocument, { input })).reorderItems.change;
    }
    case "edit":
      return sendEdits(envelope, operation.items);
    case "regroup":
      throw new TypeError("Regrouping is asked for as a deed.");
  }
}

async function sendEdits(envelope: Envelope, edits: readonly Edit[]): Promise<ChangeFactsFragment> {
  const { notes, drawings, frames } = editInputs(edits);
  if (drawings.length) {
    const input = { ...envelope, items: drawings };
    return (await request(EditDrawingsDocument, { input })).editDrawings.change;
  }
  if (frames.length) {
    const input = { ...envelope, items: frames };
    return (await request(EditFramesDocument, { input })).editFrames.change;
  }
  return (await request(EditNotesDocument, { input: { ...envelope, items: notes } })).editNotes.change;
}

/** Contents by their kind, as the schema takes them. Of pictures there is none: crops and replacements are deeds. */
export function editInputs(edits: readonly Edit[]) {
  return {
    notes: edits.flatMap(({ id, note, width, height }) =>
      note ? [{ id, note: { ...note, width, height } }] : [],
    ),
    drawings: edits.flatMap(({ id, drawing, width, height }) =>
      drawing ? [{ id, drawing: drawingInput(drawing, width, height) }] : [],
    ),
    frames: edits.flatMap(({ id, frame, width, height }) =>
      frame ? [{ id, frame: { ...frame, width, height } }] : [],
    ),
  };
}

export function styleInput({ tags, ...patch }: StylePatch) {
  return { ...patch, ...(tags ? { tags: [...tags] } : {}) };
}

/** The operation in parts that the schema's bounds on lists allow. */
export function inParts(operation: Simple): Simple[] {
  const list: readonly unknown[] = operation.kind === "remove" ? operation.ids : operation.items;
  const most = operation.kind === "remove" || operation.kind === "restore" ? MOST_IDS : MOST_PER_MUTATION;
  if (list.length <= most) return [operation];
  const parts: Simple[] = [];
  for (let at = 0; at < list.length; at += most) {
    const slice = list.slice(at, at + most);
    parts.push(
      (operation.kind === "remove"
        ? { kind: "remove", ids: slice }
        : { ...operation, items: slice }) as Simple,
    );
  }
  return parts;
}
