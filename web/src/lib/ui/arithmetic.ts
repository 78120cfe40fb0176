/** What is written into a field of numbers: a number, or a sum such as 120/2 or 3*(40+2). Commas count as points. */

/** Null: it is no sum, or comes to nothing finite. */
export function valueOf(text: string): number | null {
  const signs = text.replaceAll(",", ".").match(/\d+(?:\.\d*)?|\.\d+|[-+*/()]|\S/g) ?? [];
  let at = 0;
  const take = (...wanted: string[]): string | null =>
    wanted.includes(signs[at] ?? "") ? signs[at++]! : null;

  function sum(): number {
    let value = product();
    for (let sign = take("+", "-"); sign; sign = take("+", "-"))
      value = sign === "+" ? value + product() : value - product();
    return value;
  }
  function product(): number {
    let value = single();
    for (let sign = take("*", "/"); sign; sign = take("*", "/"))
      value = sign === "*" ? value * single() : value / single();
    return value;
  }
  function single(): number {
    if (take("-")) return -single();
    if (take("+")) return single();
    if (take("(")) {
      const value = sum();
      return take(")") ? value : Number.NaN;
    }
    const sign = signs[at++] ?? "";
    return /^[\d.]/.test(sign) ? Number(sign) : Number.NaN;
  }

  const value = sum();
  return at === signs.length && Number.isFinite(value) ? value : null;
}

/** As a person writes it: at most two places behind the point. */
export function written(value: number): string {
  return String(Math.round(value * 100) / 100);
}
