// Mercurius with graphql-jit: one joined statement for a page, default resolvers for all below it, no leave asked for.
// `node mercurius.mjs <database url> <port>`
import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

const [url, port] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 10 });

const schema = `
  type Query { board(id: ID!): Board }
  type Board { id: ID! title: String! items(first: Int!, after: String): ItemConnection! }
  type ItemConnection { nodes: [ImageItem!]! }
  type ImageItem {
    id: ID! x: Float! y: Float! scale: Float! rotation: Float! z: String! opacity: Float! locked: Boolean!
    image: Image!
  }
  type Image { id: ID! name: String! width: Int! height: Int! mime: String! url(atLeast: Int!): String }
`;

const BOARD = { name: 'board', text: 'SELECT id, title FROM board WHERE id = $1' };
const ITEMS = {
  name: 'items',
  text: `SELECT item.id, item.x, item.y, item.scale, item.rotation, item.z, item.opacity, item.locked,
      image.id AS image_id, image.name, image.width, image.height, image.mime,
      '/files/' || image.id || '/' || made.size AS url
    FROM item JOIN image ON image.id = item.image_id
    LEFT JOIN rendition AS made ON made.image = image.id AND made.size = 320
    WHERE item.board = $1 AND item.removed_at IS NULL ORDER BY item.z, item.id LIMIT $2`,
};

const resolvers = {
  Query: {
    board: async (_, { id }) => (await pool.query({ ...BOARD, values: [id] })).rows[0] ?? null,
  },
  Board: {
    items: async (board, { first }) => {
      const { rows } = await pool.query({ ...ITEMS, values: [board.id, first] });
      for (const row of rows) {
        row.image = {
          id: row.image_id,
          name: row.name,
          width: row.width,
          height: row.height,
          mime: row.mime,
          url: row.url,
        };
      }
      return { nodes: rows };
    },
  },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, jit: 1, path: '/graphql', graphiql: false });
await app.listen({ host: '127.0.0.1', port: Number(port) });
