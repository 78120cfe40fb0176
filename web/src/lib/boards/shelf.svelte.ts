/** The boards on the shelf and in the trash: kept while the app is open, so that going back shows them at once. */
import {
  BoardsDocument,
  CreateBoardDocument,
  DeleteBoardsDocument,
  DescribeBoardDocument,
  DuplicateBoardDocument,
  RestoreBoardsDocument,
  TrashBoardsDocument,
  type BoardCardFragment,
  type BoardOrder,
  type BoardState,
} from "$generated/graphql";
import { request } from "../graphql/client";
import { Paged, type Read } from "../graphql/paged.svelte";
import { newId } from "../uuid";

export type Card = BoardCardFragment;

export class Shelf {
  readonly state: BoardState;
  readonly boards: Paged<Card>;
  search = $state("");
  order = $state<BoardOrder>("UPDATED");
  #asked = "";

  constructor(state: BoardState) {
    this.state = state;
    this.boards = new Paged(this.#read());
  }

  /** Shows what `search` and `order` ask for; the same question again is only a refresh. */
  look(search = this.search, order = this.order): Promise<void> {
    this.search = search;
    this.order = order;
    const question = JSON.stringify([search.trim(), order]);
    if (question === this.#asked && this.boards.phase === "ready") return this.boards.refresh();
    this.#asked = question;
    return this.boards.restart(this.#read());
  }

  async describe(id: string, words: { title: string; description: string }): Promise<void> {
    const { editBoard } = await request(DescribeBoardDocument, { input: { id, ...words } });
    this.boards.replace(editBoard.board);
  }

  async duplicate(id: string): Promise<Card> {
    const { duplicateBoard } = await request(DuplicateBoardDocument, {
      input: { id, clientMutationId: newId() },
    });
    this.boards.prepend(duplicateBoard.board);
    return duplicateBoard.board;
  }

  async trash(ids: string[]): Promise<void> {
    await request(TrashBoardsDocument, { input: { ids } });
    this.boards.remove(ids);
  }

  async restore(ids: string[]): Promise<void> {
    await request(RestoreBoardsDocument, { input: { ids } });
    if (this.state === "TRASHED") this.boards.remove(ids);
    else await this.boards.refresh();
  }

  async deleteForGood(ids: string[]): Promise<void> {
    const { deleteBoards } = await request(DeleteBoardsDocument, { input: { ids } });
    this.boards.remove(deleteBoards.deletedIds);
  }

  #read(): Read<Card> {
    const asked = { state: this.state, order: this.order, search: this.search.trim() || null };
    return async (first, after, signal) => {
      const { boards } = await request(BoardsDocument, { ...asked, first, after }, { signal });
      return boards;
    };
  }
}

const shelves = new Map<string, Shelf>();

/** One shelf per person and state: what one person saw is never shown to the next. */
export function shelfOf(accountId: string, state: BoardState): Shelf {
  const key = `${accountId} ${state}`;
  let shelf = shelves.get(key);
  if (!shelf) {
    shelf = new Shelf(state);
    shelves.set(key, shelf);
  }
  return shelf;
}

export async function createBoard(words: { title: string; description: string }): Promise<Card> {
  const { createBoard } = await request(CreateBoardDocument, {
    input: { ...words, clientMutationId: newId() },
  });
  return createBoard.board;
}
