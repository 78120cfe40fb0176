/** How a person is drawn: initials on their colour, in an ink that can be read on it. */

/** Up to two initials of a name: "Ana María Ruiz" → "AR". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0] ? [...words[0]][0] : "?";
  const last = words.length > 1 ? [...(words.at(-1) as string)][0] : "";
  return `${first ?? ""}${last ?? ""}`.toLocaleUpperCase();
}

/** Black or white, whichever stands out more on `colour` (#rrggbb; WCAG relative luminance). */
export function inkOn(colour: string): "#000000" | "#ffffff" {
  const channel = (at: number) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.179 ? "#000000" : "#ffffff";
}
