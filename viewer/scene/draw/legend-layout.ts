import type { LegendEntry } from '../style/legend.js';

/** Metrics of the legend under a picture, in CSS pixels. */
export const LEGEND = { font: 12, row: 20, mark: 26, gap: 20 } as const;

export interface PlacedEntry {
  readonly entry: LegendEntry;
  readonly x: number;
  /** Middle of the row, from the top of the legend. */
  readonly y: number;
  /** The text. It is cut if it is wider than the picture. */
  readonly text: string;
}

/** Entries side by side, in the rows that they need. Remarks have rows of their own and break between words. */
export function layOutLegend(
  entries: readonly LegendEntry[],
  width: number,
  widthOf: (text: string) => number,
): { readonly placed: readonly PlacedEntry[]; readonly height: number } {
  const placed: PlacedEntry[] = [];
  let x = 0;
  let row = 0;
  for (const entry of entries.filter(({ swatch }) => swatch !== null)) {
    const text = cut(entry.text, width - LEGEND.mark, widthOf);
    const needed = LEGEND.mark + widthOf(text);
    if (x > 0 && x + needed > width) [x, row] = [0, row + 1];
    placed.push({ entry, x, y: (row + 0.5) * LEGEND.row, text });
    x += needed + LEGEND.gap;
  }
  if (x > 0) row++;
  for (const entry of entries.filter(({ swatch }) => swatch === null)) {
    for (const text of wrap(entry.text, width, widthOf))
      placed.push({ entry, x: 0, y: (row++ + 0.5) * LEGEND.row, text });
  }
  return { placed, height: row * LEGEND.row };
}

/** Estimated width of sans-serif text of the legend's size. Node has no font to measure with. */
export function estimateWidth(text: string): number {
  return 0.55 * LEGEND.font * text.length;
}

function wrap(text: string, width: number, widthOf: (text: string) => number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(cut(word, width, widthOf));
  }
  return lines;
}

function cut(text: string, width: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && widthOf(`${characters.join('')}…`) > width) characters.pop();
  return `${characters.join('')}…`;
}
