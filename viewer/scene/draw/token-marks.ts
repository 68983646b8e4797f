import type { Point } from '../layout/routes.js';
import type { Scene } from '../scene.js';
import { mix } from '../style/color.js';
import type { Palette } from '../style/palette.js';
import type { Styles } from '../style/style.js';
import { LABEL, type Frame } from './marks.js';

// What the tokens layout has beside nodes and edges, in pixels.

/** A line from the token that a head reads, with a dot at the token. */
export interface ReadMark {
  readonly path: readonly Point[];
  readonly width: number;
  readonly color: string;
  readonly from: Point;
  /** Radius of the dot. */
  readonly radius: number;
}

/** Where heads read, the weakest first. What is not of a lit head fades. */
export function readMarks({ reads }: Scene, styles: Styles, palette: Palette, frame: Frame): ReadMark[] {
  const { focus } = styles;
  return reads
    .toSorted((a, b) => a.share - b.share)
    .map(({ node, share, points }) => {
      const path = points.map(([x, y]): Point => [frame.x(x), frame.y(y)]);
      const lit = focus === null ? 0.5 : focus.nodes.has(node) ? 1 : 0.12;
      const width = Math.max(0.5, (1 + 6 * share) * Math.min(1, frame.scale));
      const color = mix(palette.background, palette.attention, lit);
      return { path, width, color, from: path[0]!, radius: width / 2 + 1.5 * Math.min(1, frame.scale) };
    });
}

export interface TokenMark {
  readonly text: string;
  /** Middle. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly color: string;
  /** Turned by a quarter, to be read upwards, with its end at the place. */
  readonly upright: boolean;
  readonly bold: boolean;
}

export function tokenMarks({ tokens }: Scene, palette: Palette, frame: Frame): TokenMark[] {
  return tokens.map(({ text, x, y, upright, changed, measured }) => ({
    text,
    x: frame.x(x),
    y: frame.y(y),
    size: LABEL * frame.scale,
    color: changed ? palette.onlyA : palette.text,
    upright,
    bold: measured,
  }));
}
