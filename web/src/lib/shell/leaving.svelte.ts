/** What would be lost by signing out now, while it is being asked about. */
class Leaving {
  asks = $state.raw<{ readonly changes: number; readonly files: number } | null>(null);
}

export const leaving = new Leaving();
