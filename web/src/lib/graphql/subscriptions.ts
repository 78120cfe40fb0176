/** Live streams over one websocket: resumes where they stood after every cut. */
import type { TypedDocumentString } from "$generated/graphql";
import { createClient, type Client } from "graphql-ws";
import { connection } from "./connection.svelte";
import { RequestFailed, type ServerError } from "./failure";
import { endSession, renewAccess } from "./session";
import { ENDPOINT } from "./transport";

const PING_MS = 12_000;
const PONG_MS = 6_000;
const LONGEST_WAIT_MS = 8_000;

export interface Sink<R> {
  next(data: R): void;
  /** The stream is over and cannot go on by itself: no longer allowed, or RESYNC. */
  failed(error: RequestFailed): void;
}

let client: Client | null = null;

/**
 * `variables` is asked again at every (re)connection, so that a stream resumes after the last event seen.
 * Returns what ends it.
 */
export function subscribe<R, V extends Record<string, unknown>>(
  document: TypedDocumentString<R, V>,
  variables: () => V,
  sink: Sink<R>,
): () => void {
  let over = false;
  let failures = 0;
  let stop = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = () => {
    if (!over) timer = setTimeout(begin, waitMs(failures++));
  };

  const renewThenAgain = () => {
    renewAccess().then((alive) => (alive ? again() : finish(ENDED)), again);
  };

  const finish = (error: RequestFailed) => {
    if (over) return;
    over = true;
    if (error === ENDED) endSession();
    sink.failed(error);
  };

  const begin = () => {
    if (over) return;
    stop = socket().subscribe<R, unknown>(
      {
        query: document.toString(),
        get variables() {
          return variables();
        },
      },
      {
        next: (result) => {
          failures = 0;
          if (over) return;
          if (result.data) sink.next(result.data);
          else if (result.errors?.length) judge(RequestFailed.from(result.errors as ServerError[]));
        },
        error: (error) => {
          if (over) return;
          if (Array.isArray(error)) judge(RequestFailed.from(error as ServerError[]));
          else if (isRefusal(error)) renewThenAgain();
          else again();
        },
        complete: again,
      },
    );
  };

  const judge = (error: RequestFailed) => {
    if (error.code === "UNAUTHENTICATED" && failures < 3) {
      failures += 1;
      renewThenAgain();
    } else if (error.isPassing) again();
    else finish(error);
  };

  begin();
  return () => {
    over = true;
    clearTimeout(timer);
    stop();
  };
}

/**
 * One question over the socket, for what is said often and may be lost: it comes in order and costs little. Waits for
 * the socket when there is none.
 */
export function ask<R, V extends Record<string, unknown>>(
  document: TypedDocumentString<R, V>,
  variables: V,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const lost = new RequestFailed("NETWORK", "The server did not answer.");
    socket().subscribe<R, unknown>(
      { query: document.toString(), variables },
      {
        next: ({ data, errors }) =>
          data ? resolve(data) : reject(RequestFailed.from((errors ?? []) as unknown as ServerError[])),
        error: (error) => reject(Array.isArray(error) ? RequestFailed.from(error as ServerError[]) : lost),
        complete: () => reject(lost),
      },
    );
  });
}

/** Drops the socket, for signing out: the next stream opens a new one under the new cookie. */
export function hangUp(): void {
  // Waits for a socket that is just opening, and fails with it: every stream has been told that already.
  Promise.resolve(client?.dispose()).catch(() => {});
  client = null;
}

const ENDED = new RequestFailed("UNAUTHENTICATED", "Your session has ended. Sign in again to go on.");

function isRefusal(error: unknown): boolean {
  return error instanceof CloseEvent && (error.code === 4401 || error.code === 4403);
}

function waitMs(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures) * (0.75 + Math.random() / 2);
}

/** So long, or until the browser says that there is a network again. */
export function untilOnlineOr(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

function socket(): Client {
  if (client) return client;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  let active: WebSocket | null = null;
  client = createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${ENDPOINT}`,
    lazyCloseTimeout: 3_000,
    keepAlive: PING_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => untilOnlineOr(waitMs(retries)),
    shouldRetry: (error) => !isRefusal(error),
    on: {
      connecting: () => connection.connecting(),
      connected: (opened) => {
        active = opened as WebSocket;
        connection.up();
      },
      closed: (event) => {
        clearTimeout(pongTimer);
        if ((event as CloseEvent).wasClean && (event as CloseEvent).code === 1000) connection.idle();
        else connection.down();
      },
      ping: (received) => {
        if (received) return;
        pongTimer = setTimeout(() => {
          if (active?.readyState === WebSocket.OPEN) active.close(4408, "No answer");
        }, PONG_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  return client;
}
