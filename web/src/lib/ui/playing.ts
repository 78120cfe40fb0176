/** Which videos play as they came: what browsers agree on, and this one can. */

const PLAYED: ReadonlySet<string> = new Set(["video/mp4", "video/webm"]);

export function isVideo(mime: string): boolean {
  return mime.startsWith("video/");
}

export function mayPlay(mime: string): boolean {
  return PLAYED.has(mime) && document.createElement("video").canPlayType(mime) !== "";
}

/** 75.3 → "1:15". */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
