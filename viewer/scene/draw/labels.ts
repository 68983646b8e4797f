/** The place of a label, if it is drawn, in CSS pixels. y goes downwards. */
export interface LabelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The larger priority wins. Of equal ones the first wins. */
  readonly priority: number;
}

/**
 * Chooses labels that do not cover each other, one after the other by priority.
 *
 * @returns for each box, whether its label is drawn.
 */
export function placeLabels(boxes: readonly LabelBox[]): boolean[] {
  const shown: boolean[] = boxes.map(() => false);
  const order = [...boxes.keys()].sort((a, b) => boxes[b]!.priority - boxes[a]!.priority || a - b);
  const taken = new Map<string, LabelBox[]>();
  for (const i of order) {
    const box = boxes[i]!;
    const cells = cellsOf(box);
    if (cells.some((cell) => taken.get(cell)?.some((other) => overlap(box, other)))) continue;
    shown[i] = true;
    for (const cell of cells) {
      const list = taken.get(cell);
      if (list) list.push(box);
      else taken.set(cell, [box]);
    }
  }
  return shown;
}

/** Side of a cell of the raster that labels are looked up by: about the width of a label. */
const CELL = 64;

/** The cells that a box touches. A box of NaN or of an absurd size touches no cell, and so covers nothing. */
function cellsOf({ left, top, width, height }: LabelBox): string[] {
  const cells: string[] = [];
  if (!(width < 64 * CELL && height < 64 * CELL)) return cells;
  for (let i = Math.floor(left / CELL); i <= Math.floor((left + width) / CELL); i++) {
    for (let j = Math.floor(top / CELL); j <= Math.floor((top + height) / CELL); j++) cells.push(`${i} ${j}`);
  }
  return cells;
}

function overlap(a: LabelBox, b: LabelBox): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}
