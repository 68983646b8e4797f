import { MARK_FONT, type Mark } from './marks.js';

/** The part of a 2D context that marks are drawn with. */
export type MarkContext = Pick<
  CanvasRenderingContext2D,
  | 'fillStyle'
  | 'strokeStyle'
  | 'globalAlpha'
  | 'lineWidth'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
  | 'fillRect'
  | 'strokeRect'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'fillText'
  | 'save'
  | 'restore'
  | 'translate'
  | 'rotate'
>;

/** Draws marks on a canvas, as the SVG writer writes them. */
export function paint(context: MarkContext, marks: readonly Mark[]): void {
  for (const mark of marks) paintMark(context, mark);
}

function paintMark(context: MarkContext, mark: Mark): void {
  switch (mark.kind) {
    case 'rect':
      context.globalAlpha = mark.opacity ?? 1;
      context.fillStyle = mark.fill;
      context.fillRect(mark.x, mark.y, mark.width, mark.height);
      context.globalAlpha = 1;
      return;
    case 'frame':
      context.lineWidth = 1;
      context.strokeStyle = mark.stroke;
      context.strokeRect(mark.x - 0.5, mark.y - 0.5, mark.width, mark.height);
      return;
    case 'line':
      context.lineWidth = mark.width;
      context.strokeStyle = mark.stroke;
      context.beginPath();
      context.moveTo(...mark.from);
      context.lineTo(...mark.to);
      context.stroke();
      return;
    case 'text':
      context.save();
      context.font = `${mark.bold ? 'bold ' : ''}${mark.size}px ${MARK_FONT}`;
      context.textBaseline = 'middle';
      context.textAlign = mark.anchor;
      context.fillStyle = mark.fill;
      context.translate(mark.x, mark.y);
      if (mark.turned) context.rotate(-Math.PI / 2);
      context.fillText(mark.text, 0, 0);
      context.restore();
  }
}
