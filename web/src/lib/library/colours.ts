/** The colours that one is asked to choose from. */

/** Round the wheel and from white to black: what people mean when they say a colour. */
export const COLOURS: readonly { name: string; colour: string }[] = [
  { name: "Red", colour: "#d8342b" },
  { name: "Orange", colour: "#f08a24" },
  { name: "Yellow", colour: "#f0d43c" },
  { name: "Green", colour: "#3f9a45" },
  { name: "Teal", colour: "#2aa39a" },
  { name: "Blue", colour: "#2f6fd0" },
  { name: "Violet", colour: "#7a4cc2" },
  { name: "Pink", colour: "#e673a8" },
  { name: "Brown", colour: "#7d5638" },
  { name: "White", colour: "#f5f5f3" },
  { name: "Grey", colour: "#8a8a8a" },
  { name: "Black", colour: "#141414" },
];
