/** What is to be told to the server, as plain values that outlive the page: each becomes one mutation of the schema. */
import {
  AddCommentsDocument,
  EditCommentsDocument,
  MoveCommentsDocument,
  RedoChangeDocument,
  RemoveCommentsDocument,
  ResolveCommentsDocument,
  RestoreCommentsDocument,
  RevertBoardDocument,
  UndoChangeDocument,
  type ChangeFactsFragment,
  type UndoChangeMutation,
} from "$generated/graphql";
import type { Pin, Saying } from "../comments/comments";
import { request } from "../graphql/client";
import type { Deed } from "./deeds";
import { partsOf, type Compound, type Operation, type Simple } from "./operations";
import { sendDeed } from "./requests";
import { inParts, sendOperation, type Envelope } from "./sending";
import { isTogether, sendTogether } from "./sendingTogether";

export type Message =
  | { readonly kind: "operation"; readonly operation: Simple }
  | { readonly kind: "together"; readonly operation: Compound }
  | { readonly kind: "deed"; readonly operation: Operation; readonly deed: Deed }
  | { readonly kind: "undo" | "redo" }
  | { readonly kind: "revert"; readonly to: number }
  | { readonly kind: "say"; readonly saying: Saying };

export type Skipped = UndoChangeMutation["undo"]["skipped"];

export interface Answer {
  /** Null: all of it was skipped. */
  readonly change: ChangeFactsFragment | null;
  readonly skipped: Skipped;
}

/** An operation as the mutations that it takes: one for a deed, else one for every part that fits the schema's bounds. */
export function messagesOf(operation: Operation, deed?: Deed): Message[] {
  if (deed) return [{ kind: "deed", operation, deed }];
  if (isTogether(operation)) return [{ kind: "together", operation }];
  return partsOf(operation)
    .flatMap(inParts)
    .map((part) => ({ kind: "operation", operation: part }));
}

/** What it does to the items here, before the server has said so. */
export function operationIn(message: Message): Operation | null {
  return "operation" in message ? message.operation : null;
}

export async function deliver(envelope: Envelope, message: Message): Promise<Answer> {
  switch (message.kind) {
    case "operation":
      return told(await sendOperation(envelope, message.operation));
    case "together":
      return told(await sendTogether(envelope, message.operation));
    case "deed":
      return told(await sendDeed(envelope, message.deed));
    case "say":
      return told(await say(envelope, message.saying));
    case "revert": {
      const input = { ...envelope, to: message.to };
      return told((await request(RevertBoardDocument, { input })).revertBoard.change);
    }
    case "undo": {
      const { change, skipped } = (await request(UndoChangeDocument, { input: envelope })).undo;
      return { change: change ?? null, skipped };
    }
    case "redo": {
      const { change, skipped } = (await request(RedoChangeDocument, { input: envelope })).redo;
      return { change: change ?? null, skipped };
    }
  }
}

function told(change: ChangeFactsFragment): Answer {
  return { change, skipped: [] };
}

async function say(envelope: Envelope, saying: Saying): Promise<ChangeFactsFragment> {
  switch (saying.kind) {
    case "add": {
      const comments = saying.comments.map((comment) => ({
        id: comment.id,
        text: comment.text,
        place: comment.threadId === null ? pinInput(comment) : { threadId: comment.threadId },
      }));
      return (await request(AddCommentsDocument, { input: { ...envelope, comments } })).addComments.change;
    }
    case "edit": {
      const comments = saying.comments.map(({ id, text }) => ({ id, text }));
      return (await request(EditCommentsDocument, { input: { ...envelope, comments } })).editComments.change;
    }
    case "move": {
      const comments = saying.comments.map((comment) => ({ id: comment.id, pin: pinInput(comment) }));
      return (await request(MoveCommentsDocument, { input: { ...envelope, comments } })).moveComments.change;
    }
    case "resolve": {
      const ids = saying.comments.map(({ id }) => id);
      const resolved = saying.comments[0]?.isResolved ?? true;
      const input = { ...envelope, ids, resolved };
      return (await request(ResolveCommentsDocument, { input })).resolveComments.change;
    }
    case "remove": {
      const input = { ...envelope, ids: [...saying.ids] };
      return (await request(RemoveCommentsDocument, { input })).removeComments.change;
    }
    case "restore": {
      const input = { ...envelope, ids: saying.comments.map(({ id }) => id) };
      return (await request(RestoreCommentsDocument, { input })).restoreComments.change;
    }
  }
}

function pinInput({ itemId, x, y }: Pin) {
  return itemId === null ? { at: { x, y } } : { item: { id: itemId, x, y } };
}
