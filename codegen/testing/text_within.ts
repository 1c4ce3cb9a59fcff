/** Tells, for tests, whether nothing of a text was lost. Thread rules: none; a pure function. */

/** Whether a text is another one with some of it left out. */
export function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (let k = 0; k < whole.length; k++) if (whole[k] === part[at]) at++;
  return at === part.length;
}
