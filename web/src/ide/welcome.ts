/** What a newcomer finds in the explorer's editor. */

export const WELCOME = `# webref's API. Ctrl+Enter runs,
# Ctrl+Space completes, and the book on the
# left is the documentation.
#
# You act as the person signed in here. To
# act with an API token, sign out and write
# in Headers: {"Authorization": "Bearer …"}

query Boards {
  viewer {
    account {
      name
    }
  }
  boards(first: 10) {
    totalCount
    nodes {
      id
      title
      itemCount
      viewerRole
      updatedAt
    }
  }
}
`;
