import type { Palette } from '../scene/style/palette.js';
import type { Cell } from './words.js';

/** Font of texts, on a canvas and in an SVG: its letters are of equal width. */
export const MARK_FONT = 'ui-monospace, Menlo, Consolas, monospace';

/** A part of a drawing, in CSS pixels from its upper left corner. */
export type Mark =
  | {
      readonly kind: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: string;
      /** Default 1. */
      readonly opacity?: number;
    }
  | {
      readonly kind: 'frame';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly stroke: string;
    }
  | {
      readonly kind: 'line';
      readonly from: readonly [x: number, y: number];
      readonly to: readonly [x: number, y: number];
      readonly stroke: string;
      readonly width: number;
    }
  | {
      readonly kind: 'text';
      readonly x: number;
      /** Middle of the letters. */
      readonly y: number;
      readonly text: string;
      readonly size: number;
      readonly fill: string;
      readonly anchor: 'start' | 'end';
      /** Reads upwards. Default false. */
      readonly turned?: boolean;
      readonly bold?: boolean;
    };

/** The drawing of a pattern. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  marks(colors: Palette): Mark[];
  /** What is drawn over it while a cell is pointed at. */
  over(cell: Cell, colors: Palette): Mark[];
  /** The cell at a place of the drawing. Null outside. */
  cellAt(x: number, y: number): Cell | null;
}

/** What is drawn of a pattern. */
export interface DrawnPattern {
  readonly tokens: readonly string[];
  /** [n, n] row-major, n = number of tokens; row = query. */
  readonly weights: Float32Array;
  readonly signed: boolean;
  /** The weight in full colour. */
  readonly most: number;
  /** Queries that are drawn, in the order of the tokens. */
  readonly rows: readonly number[];
  /** Queries that are marked: those that the circuit uses. */
  readonly used: readonly number[];
}
