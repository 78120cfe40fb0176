/** Comments that cannot be read: tried again for a while, then said, and never in silence for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Talk } from "$lib/comments/comments";
import { Talking } from "$lib/comments/talking.svelte";
import { RequestFailed } from "$lib/graphql/failure";

const away = new RequestFailed("NETWORK", "The server cannot be reached.");
let answers: (RequestFailed | null)[];
let asked: number;
let talk: Talk;
let talking: Talking;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  talk = new Talk(() => undefined);
  talking = new Talking("board", talk, async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    if (answer) throw answer;
    return { comments: [], seq: 5 };
  });
});
afterEach(() => vi.useRealTimers());

test("a short cut is passed over in silence", async () => {
  answers = [away, away, null];
  void talking.read();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, talk.isRead, talking.failure]).toEqual([3, true, null]);
});

test("a long one is said, and then it is the person who tries again", async () => {
  answers = [away];
  void talking.read();
  await vi.advanceTimersByTimeAsync(600_000);
  expect([asked, talk.isRead, talking.failure]).toEqual([4, false, away]);
  answers = [null];
  await talking.read();
  expect([talk.isRead, talking.failure]).toEqual([true, null]);
});

test("what will not get better is said at once", async () => {
  const refused = new RequestFailed("NOT_FOUND", "This board does not exist.");
  answers = [refused];
  await talking.read();
  await vi.advanceTimersByTimeAsync(600_000);
  expect([asked, talking.failure]).toEqual([1, refused]);
});

test("the server that is back is asked at once, and nothing is asked where nothing failed", async () => {
  answers = [away, null];
  void talking.read();
  await vi.advanceTimersByTimeAsync(10);
  talking.nudge();
  await vi.advanceTimersByTimeAsync(10);
  expect([asked, talk.isRead]).toEqual([2, true]);
  talking.nudge();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(2);
});

test("a closed board asks nothing more", async () => {
  answers = [away];
  void talking.read();
  await vi.advanceTimersByTimeAsync(10);
  talking.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
});
