import { xmlText } from '../../../src/files/graph/xml-text.js';
import type { Scene } from '../scene.js';
import type { LegendEntry, Swatch } from '../style/legend.js';
import type { Palette } from '../style/palette.js';
import type { Styles } from '../style/style.js';
import { placeLabels } from './labels.js';
import { estimateWidth, layOutLegend, LEGEND } from './legend-layout.js';
import { edgeMark, labelMarks, nodeMark, type Frame } from './marks.js';
import { element, text } from '../../../src/pictures/svg-element.js';
import { readMarks, tokenMarks } from './token-marks.js';
import { edgeElement, labelElement, nodeElement, readElement, tokenElement } from './svg-marks.js';

const MARGIN = 16;
const TITLE = 28;

/** The scene as an SVG document, with the marks of the canvas. A title is above, a legend below. */
export function writeSvg(
  scene: Scene,
  styles: Styles,
  palette: Palette,
  legend: readonly LegendEntry[],
  options: { readonly title: string; readonly width: number; readonly height: number },
): string {
  const { title, width, height } = options;
  const inner = width - 2 * MARGIN;
  const { placed, height: legendHeight } = layOutLegend(legend, inner, estimateWidth);
  const top = title ? MARGIN + TITLE : MARGIN;
  const legendTop = height - MARGIN - legendHeight;
  const frame = fit(scene, { left: MARGIN, right: width - MARGIN, top, bottom: legendTop - MARGIN });

  const { graph } = scene;
  const byDepth = <Id extends string>(ids: readonly Id[], depth: (id: Id) => number) =>
    ids.map((id) => [depth(id), id] as const).sort((a, b) => a[0] - b[0]);
  const edges = byDepth(graph.edges(), (id) => styles.edge(id).depth);
  const nodes = byDepth(graph.nodes(), (id) => styles.node(id).depth);

  const parts = [
    element('rect', { width, height, fill: palette.background }),
    ...(title
      ? [text(title, MARGIN, MARGIN + 14, { 'font-size': 16, 'font-weight': 'bold', fill: palette.text })]
      : []),
    ...bands(scene, palette, frame),
    ...readMarks(scene, styles, palette, frame).map(readElement),
    ...edges.map(([, id]) => edgeElement(edgeMark(scene, id, styles.edge(id), palette, frame), palette)),
    ...nodes.map(([, id]) => nodeElement(nodeMark(graph.getNodeAttributes(id), styles.node(id), frame))),
    ...labelMarks(scene, styles, frame).map((mark) => labelElement(mark, palette)),
    ...tokenMarks(scene, palette, frame).map(tokenElement),
    ...placed.flatMap(({ entry, x, y, text: words }) => {
      const at = { 'font-size': LEGEND.font, fill: entry.swatch ? palette.text : palette.faintText };
      const left = MARGIN + x;
      if (!entry.swatch) return [text(words, left, legendTop + y + 4, at)];
      return [swatchMark(entry.swatch, left, legendTop + y), text(words, left + LEGEND.mark, legendTop + y + 4, at)];
    }),
  ];
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="Helvetica, Arial, sans-serif">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n<title>${xmlText(title)}</title>\n${parts.join('\n')}\n</svg>\n`;
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Puts the scene's bounds into the middle of an area, as large as they fit. The scale of boxes is at most 2. */
function fit({ bounds, boxed }: Scene, area: Area): Frame {
  const wide = Math.max(1e-9, bounds.right - bounds.left);
  const high = Math.max(1e-9, bounds.top - bounds.bottom);
  const most = boxed ? 2 : Infinity;
  const room = [Math.max(1, area.right - area.left), Math.max(1, area.bottom - area.top)] as const;
  const scale = Math.min(room[0] / wide, room[1] / high, most);
  const left = area.left + (room[0] - scale * wide) / 2;
  const top = area.top + (room[1] - scale * high) / 2;
  return { scale, x: (x) => left + (x - bounds.left) * scale, y: (y) => top + (bounds.top - y) * scale };
}

function bands(scene: Scene, palette: Palette, frame: Frame): string[] {
  const { bounds } = scene;
  const left = frame.x(bounds.left);
  const small = { 'font-size': 11, fill: palette.faintText };
  const parts: string[] = [];
  for (const band of scene.bands) {
    const top = frame.y(band.top);
    const height = frame.y(band.bottom) - top;
    if (band.tinted) {
      const width = frame.x(bounds.right) - left;
      parts.push(element('rect', { x: left, y: top, width, height, fill: palette.band }));
    }
    if (height > 9) parts.push(text(band.label, left + 4, top + height / 2 + 4, small));
  }
  const columns = scene.columns.map(({ x, label }) => ({
    label,
    x: frame.x(x),
    box: { left: frame.x(x) - 4 * label.length, top: 0, width: 8 * label.length, height: 10, priority: 0 },
  }));
  const shown = placeLabels(columns.map(({ box }) => box));
  const middle = { ...small, 'text-anchor': 'middle' };
  const bottom = frame.y(bounds.bottom) - 4;
  parts.push(...columns.filter((_, i) => shown[i]).map(({ label, x }) => text(label, x, bottom, middle)));
  return parts;
}

function swatchMark(swatch: Swatch, x: number, y: number): string {
  const end = x + LEGEND.mark - 6;
  if (swatch.kind === 'line') {
    const dashes = swatch.dashed ? { 'stroke-dasharray': '4 3' } : {};
    return element('line', {
      x1: x,
      y1: y,
      x2: end,
      y2: y,
      stroke: swatch.color,
      'stroke-width': swatch.width,
      ...dashes,
    });
  }
  const { shape, fill, border: stroke, size } = swatch;
  const middle = (x + end) / 2;
  if (shape === 'box') return element('rect', { x: middle - 9, y: y - 6, width: 18, height: 12, rx: 4, fill, stroke });
  if (shape !== 'square') return element('circle', { cx: middle, cy: y, r: size, fill, stroke });
  return element('rect', { x: middle - size, y: y - size, width: 2 * size, height: 2 * size, fill, stroke });
}
