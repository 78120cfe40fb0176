/** Who else is here, by what is told of them, and whom one follows: without a screen, a server or a clock. */
import type { BoardPresenceSubscription, PresenceFactsFragment } from "$generated/graphql";
import type { Sight } from "../canvas/cursors";
import type { Point } from "../geometry/shapes";

export type PresenceEvent = BoardPresenceSubscription["presence"];

export interface Person {
  readonly clientId: string;
  readonly accountId: string;
  readonly name: string;
  readonly colour: string;
  readonly cursor: Point | null;
  readonly selection: readonly string[];
  readonly sight: Sight | null;
  readonly following: string | null;
  readonly isIdle: boolean;
}

function personOf(facts: PresenceFactsFragment): Person {
  return {
    clientId: facts.clientId,
    accountId: facts.account.id,
    name: facts.account.name,
    colour: facts.account.colour,
    cursor: facts.cursor ?? null,
    selection: facts.selection,
    sight: facts.viewport ?? null,
    following: facts.following ?? null,
    isIdle: facts.status === "IDLE",
  };
}

/** The others on a board. `self`: one's own client, which is told like any other and left out here. */
export class Company {
  readonly people = new Map<string, Person>();

  constructor(public self: string) {}

  /** Returns whether more has changed than where people point and look. */
  take(event: PresenceEvent): boolean {
    const before = new Map(this.people);
    if (event.isComplete) this.people.clear();
    for (const clientId of event.left) this.people.delete(clientId);
    for (const facts of event.here) {
      if (facts.clientId !== this.self) this.people.set(facts.clientId, personOf(facts));
    }
    if (before.size !== this.people.size) return true;
    for (const [clientId, person] of this.people) {
      const known = before.get(clientId);
      if (known !== person && (!known || !looksAlike(known, person))) return true;
    }
    return false;
  }

  clear(): void {
    this.people.clear();
  }

  /** Item ids and the colour of somebody who has them selected. */
  get marks(): Map<string, string> {
    const marks = new Map<string, string>();
    for (const { selection, colour } of this.people.values()) {
      for (const id of selection) marks.set(id, colour);
    }
    return marks;
  }

  /** Whom one ends up with by following somebody: those who follow lead on; null where they lead to oneself. */
  leaderOf(clientId: string): Person | null {
    const passed = new Set<string>();
    let person = this.people.get(clientId) ?? null;
    while (person?.following) {
      if (person.following === this.self || passed.has(person.clientId)) return null;
      passed.add(person.clientId);
      const next = this.people.get(person.following);
      if (!next) return person;
      person = next;
    }
    return person;
  }
}

function looksAlike(a: Person, b: Person): boolean {
  return (
    a.name === b.name &&
    a.colour === b.colour &&
    a.isIdle === b.isIdle &&
    a.following === b.following &&
    (a.cursor === null) === (b.cursor === null) &&
    a.selection.length === b.selection.length &&
    a.selection.every((id, at) => id === b.selection[at])
  );
}

/** In the order of their names, oneself last; clients of one person stay in one order. */
export function inOrder(people: Iterable<Person>, accountId: string): Person[] {
  return [...people].sort(
    (a, b) =>
      Number(a.accountId === accountId) - Number(b.accountId === accountId) ||
      a.name.localeCompare(b.name) ||
      a.clientId.localeCompare(b.clientId),
  );
}

/** One client of each person: the one that is followed, else the first that is not idle, else the first. */
export function oneOfEach(people: readonly Person[], followedId: string | undefined): Person[] {
  const chosen = new Map<string, Person>();
  for (const person of people) {
    const before = chosen.get(person.accountId);
    const isBetter = before?.clientId !== followedId && before?.isIdle && !person.isIdle;
    if (!before || person.clientId === followedId || isBetter) chosen.set(person.accountId, person);
  }
  return [...chosen.values()];
}

export function nameOf(person: Person, accountId: string): string {
  return person.accountId === accountId ? "You, another tab" : person.name;
}

/** What is shown of oneself, and what of it has not been sent yet. */
export interface Showing {
  readonly cursor: Point | null;
  readonly selection: string[];
  readonly viewport: Sight | null;
  readonly following: string | null;
  readonly status: "ACTIVE" | "IDLE";
}

/** Only what differs from what was sent last; null when nothing does. */
export function differing(sent: Showing | null, now: Showing): Partial<Showing> | null {
  if (!sent) return now;
  const changes = (Object.keys(now) as (keyof Showing)[]).filter(
    (key) => JSON.stringify(sent[key]) !== JSON.stringify(now[key]),
  );
  return changes.length ? Object.fromEntries(changes.map((key) => [key, now[key]])) : null;
}
