/** Commands of those who are on a board together: comments and history. */
import type { Command } from "../../commands/command";
import type { Discussion } from "../../comments/discussion.svelte";
import type { History } from "../../history/history.svelte";

export interface Company {
  readonly discussion: Discussion;
  readonly history: History;
}

function commenting({ discussion }: Company): string | null {
  return discussion.mayComment
    ? null
    : "You may look at this board, not comment on it. Its owner can make you a commenter.";
}

export const TOGETHER_COMMANDS: readonly Command<Company>[] = [
  {
    id: "together.comment",
    group: "Together",
    label: "Comment",
    keys: ["m", "Mod+Alt+m"],
    refusal: commenting,
    run: ({ discussion }) => discussion.begin(discussion.session.editor.selected),
  },
  {
    id: "together.comment-here",
    group: "Together",
    label: "Comment here",
    refusal: (company) =>
      commenting(company) ?? (company.discussion.here ? null : "Open the menu where the comment belongs."),
    run: ({ discussion }) => discussion.beginHere(),
  },
  {
    id: "together.comments",
    group: "Together",
    label: "List of comments",
    keys: ["Mod+Alt+c"],
    run: ({ discussion }) => (discussion.isPanelOpen = !discussion.isPanelOpen),
  },
  {
    id: "together.history",
    group: "Together",
    label: "History: who did what",
    keys: ["Mod+Alt+h"],
    run: ({ history }) => (history.isPanelOpen = !history.isPanelOpen),
  },
  {
    id: "together.past",
    group: "Together",
    label: "Look through the board's life",
    run: ({ history }) => void history.open(null),
  },
];
