// The audit suite of graphql-http against a running webref: every MUST and SHOULD has to pass.
//
// Usage: WEBREF_TOKEN=wr_… npm run audit -- http://127.0.0.1:8484/graphql
// The token is needed because some audits ask for __type, and webref tells strangers nothing of its schema.
import { auditServer } from "graphql-http";

const url = process.argv[2] ?? "http://127.0.0.1:8484/graphql";
const token = process.env.WEBREF_TOKEN;

function fetchSignedIn(input, init = {}) {
  const headers = new Headers(init.headers);
  if (token) headers.set("authorization", `Bearer ${token}`);
  return fetch(input, { ...init, headers });
}

const results = await auditServer({ url, fetchFn: fetchSignedIn });
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const result of results) {
  counts[result.status] += 1;
  if (result.status !== "ok") console.log(`${result.status}  ${result.id}  ${result.name}: ${result.reason}`);
}
console.log(
  `${results.length} audits: ${counts.ok} pass, ${counts.error} MUST fail, ` +
    `${counts.warn} SHOULD fail, ${counts.notice} MAY are declined`,
);
process.exitCode = counts.error + counts.warn > 0 || results.length === 0 ? 1 : 0;
