/** The open boards of this page: one that was left with work under way goes on in the background until it is done. */
import { onPersonGone } from "../graphql/session";
import { BoardSession, type Who } from "./session.svelte";

const left = new Map<string, BoardSession>();

/** Coming back to a board that goes on in the background finds it as it was left. */
export function openSession(boardId: string, who: Who): BoardSession {
  const known = left.get(boardId);
  left.delete(boardId);
  if (known && known.who.accountId === who.accountId) {
    known.nudge();
    void known.open();
    return known;
  }
  known?.close();
  const session = new BoardSession(boardId, who);
  session.moved = () => {
    if (left.get(boardId) !== session || session.hasUnsent) return;
    left.delete(boardId);
    session.close();
  };
  void session.open();
  return session;
}

export function leaveSession(session: BoardSession): void {
  if (session.hasUnsent) left.set(session.boardId, session);
  else session.close();
}

onPersonGone((stays) => {
  for (const [boardId, session] of left) {
    if (session.who.accountId === stays) continue;
    left.delete(boardId);
    session.close();
  }
});
