/** The papers that notes are written on. */

export interface Paper {
  readonly name: string;
  readonly background: string | null;
  /** Of what is written on it. */
  readonly colour?: string;
}

export const PAPERS: readonly (Paper & { readonly colour: string })[] = [
  { name: "Dark", background: "#2a2b30", colour: "#e8e8ea" },
  { name: "Light", background: "#f2f0e9", colour: "#232326" },
  { name: "Yellow", background: "#f3d97a", colour: "#2c2610" },
  { name: "Blue", background: "#23395f", colour: "#e6eefc" },
  { name: "Red", background: "#5d2730", colour: "#fdeaec" },
  { name: "None", background: null, colour: "#e8e8ea" },
];
