/** What a newcomer finds in the explorer's editor. */

export const WELCOME = `# webref's API. Ctrl+Enter runs, Ctrl+Space completes.
# The book on the left is the documentation.
#
# You act as the person signed in to webref in this
# browser. To act with an API token, sign out there and
# write in Headers: { "Authorization": "Bearer wr_…" }

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
