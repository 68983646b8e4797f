/** Words of a list that is written as text. */
export function wordList(text: string): string[] {
  return text.trim().split(/\s+/);
}
