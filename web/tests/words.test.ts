import { expect, test } from "vitest";
import { emailProblem, passwordProblem } from "$lib/accounts/rules";
import { failureInWords } from "$lib/library/failures";
import { initials, inkOn } from "$lib/ui/people";
import { agoInWords, bytesInWords, counted, deviceInWords } from "$lib/ui/words";
import { newId } from "$lib/uuid";

test("counts and sizes read as people say them", () => {
  expect(counted(1, "board")).toBe("1 board");
  expect(counted(1234, "board")).toBe("1,234 boards");
  expect(bytesInWords(1)).toBe("1 byte");
  expect(bytesInWords(999_999)).toBe("1.0 MB");
  expect(bytesInWords(12_300_000)).toBe("12 MB");
  expect(bytesInWords(2_450_000_000)).toBe("2.5 GB");
});

test("times near now are told relative to it, later ones as a date", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  expect(agoInWords("2026-11-20T11:59:50Z", now)).toBe("just now");
  expect(agoInWords("2026-11-20T11:55:00Z", now)).toBe("5 minutes ago");
  expect(agoInWords("2026-11-19T12:00:00Z", now)).toBe("yesterday");
  expect(agoInWords("2026-11-20T12:02:00Z", now)).toBe("in 2 minutes");
  expect(agoInWords("2026-10-01T12:00:00Z", now)).toBe("Oct 1, 2026");
});

test("a device is named by its browser and system, a script by itself", () => {
  const edge =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
  expect(deviceInWords(edge)).toBe("Edge on Windows");
  expect(deviceInWords("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")).toBe(
    "Safari on iOS",
  );
  expect(deviceInWords("python-httpx/0.28")).toBe("A script");
  expect(deviceInWords("")).toBe("An unnamed device");
});

test("initials come from the first and the last word, whatever the script", () => {
  expect(initials("Ana María Ruiz")).toBe("AR");
  expect(initials("  øyvind ")).toBe("Ø");
  expect(initials("😀 Smile")).toBe("😀S");
  expect(initials("")).toBe("?");
});

test("ink on a colour stands out by at least 4.5 to 1", () => {
  const channel = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = (colour: string) =>
    [1, 3, 5].reduce(
      (sum, at, k) =>
        sum +
        ([0.2126, 0.7152, 0.0722][k] as number) *
          channel(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
      0,
    );
  for (let step = 0; step < 512; step++) {
    const colour = `#${[step & 7, (step >> 3) & 7, (step >> 6) & 7]
      .map((third) =>
        Math.round((third / 7) * 255)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")}`;
    const [light, dark] = [luminance(colour), luminance(inkOn(colour))].sort((a, b) => b - a) as [
      number,
      number,
    ];
    expect((light + 0.05) / (dark + 0.05), colour).toBeGreaterThanOrEqual(4.5);
  }
});

test("what is wrong with a field is said with the way to right it", () => {
  expect(emailProblem("ana@example.org")).toBe("");
  expect(emailProblem("ana")).toContain("ana@example.org");
  expect(passwordProblem("")).toBe("At least 10 characters.");
  expect(passwordProblem("123456789")).toBe("1 more character: at least 10.");
  expect(passwordProblem("1234567890")).toBe("");
  expect(failureInWords("CORRUPT")).toBe("The file is damaged.");
  expect(failureInWords("SOMETHING_NEW")).toBe("The server says: something new.");
});

test("ids made here are random UUIDs of version 4", () => {
  const ids = new Set(Array.from({ length: 500 }, newId));
  expect(ids.size).toBe(500);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
