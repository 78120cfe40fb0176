/** Marks what does not look like words to the build, and is: small letters, or values alone whose order a language may change. */
export function phrase(text: string): string {
  return text;
}
