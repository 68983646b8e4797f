import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Drawing, Mark } from '../../attention/marks.js';
import { paint } from '../../attention/paint.js';
import type { Cell } from '../../attention/words.js';
import { useStore } from '../state/use-store.js';

export interface PatternCanvasProps {
  /** For those who do not see it. */
  readonly says: string;
  readonly drawing: Drawing;
  readonly cell: ReadonlySignal<Cell | null>;
  readonly onPoint: (cell: Cell | null) => void;
  readonly onHold: (cell: Cell | null) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

/** The drawing of a pattern, and above it what is drawn while a cell is pointed at. */
export function PatternCanvas({ says, drawing, cell, onPoint, onHold, onKey }: PatternCanvasProps) {
  const { palette } = useStore();
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const colors = palette.value;
  useLayoutEffect(() => drawOn(below.current, drawing, drawing.marks(colors)), [drawing, colors]);
  useEffect(
    () => cell.subscribe((at) => drawOn(above.current, drawing, at === null ? [] : drawing.over(at, colors))),
    [drawing, colors, cell],
  );
  const at = (event: MouseEvent): Cell | null => drawing.cellAt(event.offsetX, event.offsetY);
  const size = { width: `${drawing.width}px`, height: `${drawing.height}px` };
  return (
    <div class="pattern" style={size}>
      <canvas ref={below} style={size} aria-hidden="true" />
      <canvas
        ref={above}
        style={size}
        role="img"
        tabIndex={0}
        aria-label={says}
        onPointerMove={(event) => onPoint(at(event))}
        onPointerLeave={() => onPoint(null)}
        onClick={(event) => onHold(at(event))}
        onKeyDown={onKey}
      />
    </div>
  );
}

function drawOn(canvas: HTMLCanvasElement | null, { width, height }: Drawing, marks: readonly Mark[]): void {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return;
  const scale = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  paint(context, marks);
}
