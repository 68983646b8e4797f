import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { mix } from '../../scene/style/color.js';
import type { Palette } from '../../scene/style/palette.js';
import { visibleToken } from '../../view/format.js';
import { useStore } from '../state/use-store.js';

export interface Cell {
  readonly query: number;
  readonly key: number;
}

interface Grid {
  readonly side: number;
  /** Width of the labels at the left. It is their height at the top. */
  readonly margin: number;
  /** Size of the labels in CSS pixels. */
  readonly font: number;
}

const FONT = 'ui-monospace, Menlo, Consolas, monospace';
/** Sizes of labels. If cells are smaller than labels, only the cell that is pointed at has labels. */
const [SMALLEST, LARGEST] = [8, 11];
/** Most letters of a label. */
const LONGEST = 9;
/** Largest width in CSS pixels. */
const WIDEST = 460;

/** Square cells as large as `width` allows, and labels that are no higher than a cell if possible. */
function gridOf(labels: readonly string[], width: number): Grid {
  const longest = Math.max(2, ...labels.map((text) => text.length));
  let grid: Grid = { side: LARGEST, margin: 0, font: LARGEST };
  for (const font of [LARGEST, SMALLEST + 1, SMALLEST]) {
    const margin = Math.ceil(0.61 * font * longest + 8);
    grid = { side: Math.max(3, Math.min(24, Math.floor((width - margin) / labels.length))), margin, font };
    if (grid.side >= font) break;
  }
  return grid;
}

/** A heat map. Queries go downwards, keys to the right. Weights 0..1 go from the background to the full colour. */
export function AttentionMap(props: {
  name: string;
  /** [n queries, n keys], row-major. */
  pattern: Float32Array;
  tokens: readonly string[];
  /** Row of the token whose prediction is measured. */
  position: number | null;
  cell: Cell | null;
  onCell: (cell: Cell | null) => void;
}) {
  const { palette } = useStore();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(WIDEST);
  useLayoutEffect(() => {
    const measure = (): void => setWidth(Math.min(WIDEST, frame.current?.clientWidth ?? WIDEST));
    measure();
    const observer = new ResizeObserver(measure);
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const { pattern, tokens, position, cell, onCell } = props;
  const n = tokens.length;
  const colors = palette.value;
  const labels = tokens.map(label);
  const grid = gridOf(labels, width);
  const { side } = grid;
  useLayoutEffect(() => {
    if (canvas.current) draw(canvas.current, grid, pattern, labels, position, cell, colors);
  });
  const at = (event: PointerEvent): Cell | null => {
    const key = Math.floor((event.offsetX - grid.margin) / side);
    const query = Math.floor((event.offsetY - grid.margin) / side);
    return key >= 0 && query >= 0 && key < n && query < n ? { query, key } : null;
  };
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const bounded = (value: number): number => Math.max(0, Math.min(n - 1, value));
    const from = cell ?? { query: n, key: n };
    onCell({ query: bounded(from.query + step[0]!), key: bounded(from.key + step[1]!) });
  };
  return (
    <div class="attention" ref={frame}>
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`Attention pattern of ${props.name} over ${n} tokens`}
        onPointerMove={(event) => onCell(at(event))}
        onPointerLeave={() => onCell(null)}
        onKeyDown={move}
      />
    </div>
  );
}

function label(token: string): string {
  const text = visibleToken(token).trim() || '␣';
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function draw(
  canvas: HTMLCanvasElement,
  grid: Grid,
  pattern: Float32Array,
  labels: readonly string[],
  position: number | null,
  cell: Cell | null,
  colors: Palette,
): void {
  const n = labels.length;
  const { side, margin } = grid;
  const size = margin + n * side + 1;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(size * scale);
  canvas.height = Math.round(size * scale);
  canvas.style.width = `${size}px`;
  canvas.style.height = `${size}px`;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, size, size);
  const gap = side >= 8 ? 1 : 0;
  for (let query = 0; query < n; query++) {
    for (let key = 0; key <= query; key++) {
      const weight = pattern[query * n + key]!;
      context.fillStyle = mix(colors.band, colors.helps, Number.isFinite(weight) ? weight : 0);
      context.fillRect(margin + key * side, margin + query * side, side - gap, side - gap);
    }
  }
  drawLabels(context, grid, labels, position, cell, colors);
  context.strokeStyle = colors.text;
  if (cell) context.strokeRect(margin + cell.key * side - 0.5, margin + cell.query * side - 0.5, side, side);
}

function drawLabels(
  context: CanvasRenderingContext2D,
  { side, margin, font }: Grid,
  labels: readonly string[],
  position: number | null,
  cell: Cell | null,
  colors: Palette,
): void {
  context.font = `${font}px ${FONT}`;
  context.textBaseline = 'middle';
  labels.forEach((text, i) => {
    if (side < font && ![cell?.query, cell?.key, position].includes(i)) return;
    const middle = margin + (i + 0.5) * side;
    context.fillStyle = cell?.query === i || (!cell && i === position) ? colors.text : colors.faintText;
    context.textAlign = 'right';
    context.fillText(i === position ? `▸${text}` : text, margin - 4, middle);
    context.fillStyle = cell?.key === i ? colors.text : colors.faintText;
    context.save();
    context.translate(middle, margin - 4);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'left';
    context.fillText(text, 0, 0);
    context.restore();
  });
}
