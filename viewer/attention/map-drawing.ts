import { mix } from '../scene/style/color.js';
import type { Palette } from '../scene/style/palette.js';
import type { DrawnPattern, Drawing, Mark } from './marks.js';
import { labelsWithRoom, LETTER, tokenLabel } from './token-labels.js';
import type { Cell } from './words.js';

/** Sizes of labels: as large as a cell, if they can be read so. */
const FONTS = { least: 8, most: 10 } as const;
/** Most letters of a label. */
const LONGEST = 9;
/** From this side on cells have a gap between them. */
const WITH_GAP = 8;
/** A row that stands alone is higher than a cell of the whole map. */
const ALONE = 18;

export interface MapRoom {
  /** Width that the map may fill. */
  readonly width: number;
  /** Sides of a cell: a map with room for less is wider than its room. */
  readonly least: number;
  readonly most: number;
  /** Tokens are named at the left and at the top. */
  readonly labelled: boolean;
}

/** A heat map: queries go downwards, keys to the right. */
export function mapDrawing(pattern: DrawnPattern, room: MapRoom): Drawing {
  const { tokens, weights, rows, used } = pattern;
  const n = tokens.length;
  const labels = tokens.map((token) => tokenLabel(token, LONGEST));
  const longest = Math.max(2, ...labels.map((text) => text.length + 1));
  const margin = room.labelled ? Math.ceil(LETTER * FONTS.most * longest + 6) : 0;
  const side = Math.max(room.least, Math.min(room.most, Math.floor((room.width - margin - 1) / Math.max(1, n))));
  const font = Math.max(FONTS.least, Math.min(FONTS.most, side));
  const isWhole = rows.length === n;
  const step = isWhole ? side : Math.max(side, ALONE);
  const gap = Math.min(side, step) >= WITH_GAP ? 1 : 0;
  const [width, height] = [margin + n * side + 1, margin + rows.length * step + 1];
  const x = (key: number): number => margin + key * side;
  const y = (place: number): number => margin + place * step;
  const placeOf = new Map(rows.map((row, place) => [row, place]));
  const marked = new Set(used);

  const rowLabel = (place: number, colors: Palette, strong: boolean): Mark => ({
    kind: 'text',
    x: margin - 4,
    y: y(place) + step / 2,
    text: `${marked.has(rows[place]!) ? '▸' : ''}${labels[rows[place]!]}`,
    size: font,
    fill: strong ? colors.text : colors.faintText,
    anchor: 'end',
    bold: strong,
  });
  const columnLabel = (key: number, colors: Palette, strong: boolean): Mark => ({
    kind: 'text',
    x: x(key) + side / 2,
    y: margin - 4,
    text: labels[key]!,
    size: font,
    fill: strong ? colors.text : colors.faintText,
    anchor: 'start',
    turned: true,
    bold: strong,
  });

  return {
    width,
    height,
    marks(colors) {
      const marks: Mark[] = [];
      rows.forEach((query, place) => {
        for (let key = 0; key <= query; key++) {
          const fill = weightColor(weights[query * n + key]!, pattern, colors);
          marks.push({ kind: 'rect', x: x(key), y: y(place), width: side - gap, height: step - gap, fill });
        }
      });
      if (!room.labelled) {
        for (const row of isWhole ? used : []) marks.push(usedTick(width, y(placeOf.get(row)!), step, colors));
        return marks;
      }
      const places = rows.flatMap((row, place) => (marked.has(row) ? [place] : []));
      for (const place of labelsWithRoom(rows.length, step, font, places)) {
        marks.push(rowLabel(place, colors, marked.has(rows[place]!)));
      }
      for (const key of labelsWithRoom(n, side, font, [])) marks.push(columnLabel(key, colors, false));
      return marks;
    },
    over({ query, key }, colors) {
      const marks: Mark[] = [];
      const place = query === null ? undefined : placeOf.get(query);
      const stroke = colors.text;
      if (place !== undefined) {
        const end = isWhole ? query! + 1 : n;
        marks.push({ kind: 'frame', x: x(0), y: y(place), width: end * side, height: step, stroke: colors.faintText });
        if (room.labelled) {
          marks.push(ground(0, y(place) + step / 2 - font / 2 - 1, margin - 2, font + 2, colors));
          marks.push(rowLabel(place, colors, true));
        }
      }
      if (key !== null && key < n) {
        marks.push({
          kind: 'frame',
          x: x(key),
          y: y(0),
          width: side,
          height: rows.length * step,
          stroke: colors.faintText,
        });
        if (room.labelled) {
          marks.push(ground(x(key) + side / 2 - font / 2 - 1, 0, font + 2, margin - 2, colors));
          marks.push(columnLabel(key, colors, true));
        }
      }
      if (place !== undefined && key !== null) {
        marks.push({ kind: 'frame', x: x(key), y: y(place), width: side, height: step, stroke });
        marks.push({ kind: 'frame', x: x(key) - 1, y: y(place) - 1, width: side + 2, height: step + 2, stroke });
      }
      return marks;
    },
    cellAt(left, top): Cell | null {
      const key = Math.floor((left - margin) / side);
      const place = Math.floor((top - margin) / step);
      const inColumns = key >= 0 && key < n;
      const inRows = place >= 0 && place < rows.length;
      if (!inColumns && !inRows) return null;
      return { query: inRows ? rows[place]! : null, key: inColumns ? key : null };
    },
  };
}

/** The colour of a weight: from the ground to a full colour; of a difference to one of two. */
export function weightColor(
  weight: number,
  { signed, most }: Pick<DrawnPattern, 'signed' | 'most'>,
  colors: Palette,
): string {
  const share = Number.isFinite(weight) ? Math.abs(weight) / most : 0;
  const [positive, negative] = signed ? [colors.onlyA, colors.onlyB] : [colors.helps, colors.helps];
  return mix(colors.band, weight < 0 ? negative : positive, share);
}

/** Points to a row that the circuit uses where there are no labels. */
function usedTick(width: number, top: number, height: number, colors: Palette): Mark {
  const y = top + height / 2;
  return { kind: 'line', from: [width - 5, y], to: [width, y], stroke: colors.text, width: 2 };
}

function ground(x: number, y: number, width: number, height: number, colors: Palette): Mark {
  return { kind: 'rect', x, y, width, height, fill: colors.background };
}
