/** All that is said on a board, page by page. */
import { BoardTalkDocument, MoreRepliesDocument, type BoardTalkQuery } from "$generated/graphql";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import { commentOf, type Comment } from "./comments";

type Page = NonNullable<BoardTalkQuery["board"]>["comments"];

/** seq: of the board when the reading began: what happened since is told again, and fits. */
export async function readTalk(boardId: string): Promise<{ comments: Comment[]; seq: number }> {
  const comments: Comment[] = [];
  let seq: number | null = null;
  let after: string | null = null;
  for (;;) {
    const variables: { id: string; after: string | null } = { id: boardId, after };
    const { board } = await request(BoardTalkDocument, variables);
    if (!board)
      throw new RequestFailed("NOT_FOUND", "This board does not exist, or it is not shared with you.");
    seq ??= board.seq;
    for (const root of board.comments.nodes) comments.push(commentOf(root, null), ...(await repliesOf(root)));
    if (!board.comments.pageInfo.hasNextPage) return { comments, seq };
    after = board.comments.pageInfo.endCursor ?? null;
  }
}

async function repliesOf(root: Page["nodes"][number]): Promise<Comment[]> {
  const replies = root.replies.nodes.map((facts) => commentOf(facts, root.id));
  let { hasNextPage, endCursor } = root.replies.pageInfo;
  while (hasNextPage) {
    const { node } = await request(MoreRepliesDocument, { id: root.id, after: endCursor ?? null });
    if (node?.__typename !== "Comment") break;
    replies.push(...node.replies.nodes.map((facts) => commentOf(facts, root.id)));
    ({ hasNextPage, endCursor } = node.replies.pageInfo);
  }
  return replies;
}
