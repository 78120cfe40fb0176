/** How the explorer asks: queries and mutations over HTTP, subscriptions over the websocket. */
import { getOperationAST } from "graphql";
import { createClient, type Client } from "graphql-ws";
import type { Fetcher } from "@graphiql/toolkit";

const ENDPOINT = "/graphql";
const TOKEN = /^Bearer\s+(\S+)$/i;

/** An Authorization header typed by the person goes into the socket's handshake too. */
function socket(headers: Record<string, string>): Client {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  const token = given ? TOKEN.exec(given)?.[1] : undefined;
  return createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${ENDPOINT}`,
    lazy: true,
    retryAttempts: 2,
    ...(token ? { connectionParams: { token } } : {}),
  });
}

async function ask(body: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
      "Content-Type": "application/json",
      "X-Webref": "1",
    },
    body,
  });
  return response.json().catch(() => ({
    errors: [{ message: `The server answered ${response.status} without JSON. Is webref running?` }],
  }));
}

export const fetcher: Fetcher = (parameters, options) => {
  const headers = (options?.headers ?? {}) as Record<string, string>;
  const { query, variables, operationName } = parameters;
  const operation = options?.documentAST ? getOperationAST(options.documentAST, operationName) : null;
  const payload = { query, variables, ...(operationName ? { operationName } : {}) };
  if (operation?.operation !== "subscription") return ask(JSON.stringify(payload), headers) as never;
  return socket(headers).iterate(payload) as never;
};
