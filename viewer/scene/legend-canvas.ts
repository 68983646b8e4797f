import { layOutLegend, LEGEND } from './legend-layout.js';
import type { LegendEntry, Swatch } from './legend.js';
import type { Palette } from './palette.js';

/** Draws the legend at the context's origin, in CSS pixels, and returns the height that it takes. */
export function drawLegend(
  context: CanvasRenderingContext2D,
  legend: readonly LegendEntry[],
  palette: Palette,
  width: number,
): number {
  context.save();
  context.font = `${LEGEND.font}px sans-serif`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const { placed, height } = layOutLegend(legend, width, (text) => context.measureText(text).width);
  for (const { entry, x, y, text } of placed) {
    if (entry.swatch) drawSwatch(context, entry.swatch, x, y);
    context.fillStyle = entry.swatch ? palette.text : palette.faintText;
    context.fillText(text, entry.swatch ? x + LEGEND.mark : x, y);
  }
  context.restore();
  return height;
}

/** Height that `drawLegend` takes, so that room can be made for it. */
export function legendHeight(context: CanvasRenderingContext2D, legend: readonly LegendEntry[], width: number): number {
  context.save();
  context.font = `${LEGEND.font}px sans-serif`;
  const { height } = layOutLegend(legend, width, (text) => context.measureText(text).width);
  context.restore();
  return height;
}

function drawSwatch(context: CanvasRenderingContext2D, swatch: Swatch, x: number, y: number): void {
  context.beginPath();
  if (swatch.kind === 'line') {
    context.strokeStyle = swatch.color;
    context.lineWidth = swatch.width;
    context.setLineDash(swatch.dashed ? [4, 3] : []);
    context.moveTo(x, y);
    context.lineTo(x + LEGEND.mark - 6, y);
    context.stroke();
    return;
  }
  const { shape, size } = swatch;
  const middle = x + (LEGEND.mark - 6) / 2;
  if (shape === 'box') context.roundRect(middle - 9, y - 6, 18, 12, 4);
  else if (shape === 'square') context.rect(middle - size, y - size, 2 * size, 2 * size);
  else context.arc(middle, y, size, 0, 2 * Math.PI);
  context.fillStyle = swatch.fill;
  context.fill();
  context.setLineDash([]);
  context.strokeStyle = swatch.border;
  context.lineWidth = 1;
  context.stroke();
}
