/** The past of a board as the server tells it. */
import { BoardAtDocument, BoardLogDocument } from "$generated/graphql";
import { changeOf, itemOf } from "../board/wire";
import type { Item } from "../board/operations";
import type { Picture } from "../canvas/pictures";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import type { PastReader } from "./timeline";

const PAGE = 1000;

/** `learn` is told of the pictures that were on it. */
export function pastReader(boardId: string, learn: (pictures: readonly Picture[]) => void): PastReader {
  return {
    async boardAt(seq) {
      const items: Item[] = [];
      let after: string | null = null;
      for (;;) {
        const variables: { id: string; at: number; first: number; after: string | null } = {
          id: boardId,
          at: seq,
          first: PAGE,
          after,
        };
        const { board } = await request(BoardAtDocument, variables);
        if (!board) throw new RequestFailed("NOT_FOUND", "This board is not shared with you any more.");
        const read = board.items.nodes.map(itemOf);
        learn(read.flatMap(({ picture }) => (picture ? [picture] : [])));
        items.push(...read.map(({ item }) => item));
        if (!board.items.pageInfo.hasNextPage) return items;
        after = board.items.pageInfo.endCursor ?? null;
      }
    },
    async changesAfter(since) {
      const { board } = await request(BoardLogDocument, { id: boardId, since });
      return (board?.changes.nodes ?? []).map((facts) => {
        const { operation, pictures } = changeOf(facts);
        learn(pictures);
        return { seq: facts.seq, operation };
      });
    },
  };
}
