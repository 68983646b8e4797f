import type { Palette } from '../scene/style/palette.js';
import { weightColor } from './map-drawing.js';
import type { DrawnPattern, Drawing, Mark } from './marks.js';
import { labelsWithRoom, LETTER, tokenLabel } from './token-labels.js';
import type { Cell } from './words.js';

const FONT = 11;
const LONGEST = 14;
/** Lines of less than this share of the full weight are left out. */
const LEAST = 0.02;
/** Width of a line of full weight. */
const WIDEST = 3;
/** Width between the two columns of tokens that lines need. */
const LEAST_MIDDLE = 70;

export interface LinesRoom {
  readonly width: number;
  /** Distance between two tokens. */
  readonly step: number;
  readonly labelled: boolean;
}

/** The prompt twice: queries at the left, keys at the right, and a line for what each query attends to. */
export function linesDrawing(pattern: DrawnPattern, { width: room, step, labelled }: LinesRoom): Drawing {
  const { tokens, weights, rows, used, most } = pattern;
  const n = tokens.length;
  const labels = tokens.map((token) => tokenLabel(token, LONGEST));
  const longest = Math.max(2, ...labels.map((text) => text.length + 1));
  const margin = labelled ? Math.ceil(LETTER * FONT * longest + 8) : 4;
  const width = Math.max(room, 2 * margin + LEAST_MIDDLE);
  const height = n * step;
  const [left, right] = [margin, width - margin];
  const y = (i: number): number => (i + 0.5) * step;
  const drawn = new Set(rows);
  const marked = new Set(used);

  const label = (i: number, side: 'query' | 'key', colors: Palette, strong: boolean): Mark => ({
    kind: 'text',
    x: side === 'query' ? left - 5 : right + 5,
    y: y(i),
    text: `${side === 'query' && marked.has(i) ? '▸' : ''}${labels[i]}`,
    size: FONT,
    fill: strong ? colors.text : colors.faintText,
    anchor: side === 'query' ? 'end' : 'start',
    bold: strong,
  });
  const lines = (isDrawn: (query: number, key: number) => boolean, colors: Palette): Mark[] => {
    const strong: { readonly share: number; readonly mark: Mark }[] = [];
    for (const query of rows) {
      for (let key = 0; key <= query; key++) {
        const weight = weights[query * n + key]!;
        const share = Math.min(1, Math.abs(weight) / most);
        if (!(share >= LEAST) || !isDrawn(query, key)) continue;
        strong.push({
          share,
          mark: {
            kind: 'line',
            from: [left, y(query)],
            to: [right, y(key)],
            stroke: weightColor(weight, pattern, colors),
            width: Math.max(0.5, WIDEST * share),
          },
        });
      }
    }
    return strong.sort((a, b) => a.share - b.share).map(({ mark }) => mark);
  };

  return {
    width,
    height,
    marks(colors) {
      const marks = lines(() => true, colors);
      if (!labelled) return marks;
      for (const i of labelsWithRoom(n, step, FONT, used)) {
        if (drawn.has(i)) marks.push(label(i, 'query', colors, marked.has(i)));
        marks.push(label(i, 'key', colors, false));
      }
      return marks;
    },
    over({ query, key }, colors) {
      const veil: Mark = {
        kind: 'rect',
        x: left,
        y: 0,
        width: right - left,
        height,
        fill: colors.background,
        opacity: 0.8,
      };
      const isOf = (from: number, to: number): boolean => (query ?? from) === from && (key ?? to) === to;
      const marks = [veil, ...lines(isOf, colors)];
      if (!labelled) return marks;
      const named = [
        ...(query !== null && drawn.has(query) ? [label(query, 'query', colors, true)] : []),
        ...(key !== null && key < n ? [label(key, 'key', colors, true)] : []),
      ];
      const grounds = named.map((mark): Mark => {
        const isQuery = mark.kind === 'text' && mark.anchor === 'end';
        const top = mark.kind === 'text' ? mark.y - FONT / 2 - 1 : 0;
        const x = isQuery ? 0 : right + 2;
        return { kind: 'rect', x, y: top, width: margin - 2, height: FONT + 2, fill: colors.background };
      });
      return [...marks, ...grounds, ...named];
    },
    cellAt(x, top): Cell | null {
      const i = Math.floor(top / step);
      if (i < 0 || i >= n) return null;
      if (x < (left + right) / 2) return drawn.has(i) ? { query: i, key: null } : null;
      return { query: null, key: i };
    },
  };
}
