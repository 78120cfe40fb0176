/** Tells at once, then no more often than every `ms`, and what came last in any case. */
export function paced(tell: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWaiting = false;
  const next = () => {
    timer = undefined;
    if (isWaiting) go();
  };
  const go = () => {
    isWaiting = false;
    timer = setTimeout(next, ms);
    tell();
  };
  return () => {
    if (timer === undefined) go();
    else isWaiting = true;
  };
}
