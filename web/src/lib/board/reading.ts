/** A board as the server has it: its own facts and all its items, page by page. */
import { OpenBoardDocument, type OpenBoardQuery } from "$generated/graphql";
import type { Picture } from "../canvas/pictures";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import type { Item } from "./operations";
import { itemOf } from "./wire";

const PAGE = 1000;

/** facts: of the first page. Later ones may be newer: what happened since its seq is told again, and fits. */
export interface Reading {
  readonly facts: NonNullable<OpenBoardQuery["board"]>;
  readonly items: readonly Item[];
}

/** Raises NOT_FOUND where there is none for this person. */
export async function readBoard(boardId: string, learn: (picture: Picture) => void): Promise<Reading> {
  const items: Item[] = [];
  let facts: Reading["facts"] | null = null;
  let after: string | null = null;
  for (;;) {
    const variables: { id: string; first: number; after: string | null } = {
      id: boardId,
      first: PAGE,
      after,
    };
    const { board } = await request(OpenBoardDocument, variables);
    if (!board)
      throw new RequestFailed("NOT_FOUND", "This board does not exist, or it is not shared with you.");
    for (const one of board.items.nodes) {
      const { item, picture } = itemOf(one);
      items.push(item);
      if (picture) learn(picture);
    }
    facts ??= board;
    if (!board.items.pageInfo.hasNextPage) return { facts, items };
    after = board.items.pageInfo.endCursor ?? null;
  }
}
