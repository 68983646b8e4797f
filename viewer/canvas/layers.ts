import type { Frame } from '../scene/draw/marks.js';
import { isFine, type Scene } from '../scene/scene.js';
import type { Palette } from '../scene/style/palette.js';
import type { Styles } from '../scene/style/style.js';
import {
  clear,
  paintAxes,
  paintBands,
  paintEdges,
  paintHaze,
  paintLabels,
  paintNodes,
  paintReads,
  paintSelectionBox,
  paintTokens,
  paintVeil,
  type Surface,
} from './painter.js';
import type { Point } from './pointer.js';

/**
 * The 2D layers, from the lowest to the highest:
 *
 * - `bands`: the bands of the layers
 * - `figure`: edges and nodes
 * - `focus`: lit nodes and edges, on a veil that dims the layers below; the selection box
 * - `names`: labels
 *
 * Hover repaints the last two only where nodes are no boxes.
 */
export const LAYERS = ['bands', 'figure', 'focus', 'names'] as const;
export type Layer = (typeof LAYERS)[number];

/** What the 2D layers show. */
export interface Picture {
  readonly scene: Scene;
  readonly styles: Styles;
  readonly palette: Palette;
  /** The selection box while it is drawn, in CSS pixels. */
  readonly box: { readonly from: Point; readonly to: Point } | null;
}

/** Gives a layer to paint on. */
export type SurfaceOf = (layer: Layer) => Surface;

/** Paints all layers of a frame. */
export function paintLayers(
  surfaceOf: SurfaceOf,
  picture: Picture,
  frame: Frame,
  { haze = true }: { readonly haze?: boolean } = {},
): void {
  const { scene, styles, palette } = picture;
  paintBands(cleared(surfaceOf('bands')), scene, palette, frame);
  if (!scene.boxed) {
    const figure = cleared(surfaceOf('figure'));
    if (isFine(scene)) paintEdges(figure, scene, scene.graph.edges(), styles.base, palette, frame);
    else {
      if (haze) paintHaze(figure, scene, styles.base, frame);
      paintEdges(figure, scene, scene.routes.keys(), styles.base, palette, frame);
    }
    paintNodes(figure, scene, scene.graph.nodes(), styles.base, frame);
  }
  paintStyled(surfaceOf, picture, frame);
}

/** Paints the layers that follow hover and selection: all of a scene of boxes, what is in focus of another, labels. */
export function paintStyled(surfaceOf: SurfaceOf, picture: Picture, frame: Frame): void {
  const { scene, styles, palette } = picture;
  if (scene.boxed) {
    const figure = cleared(surfaceOf('figure'));
    paintReads(figure, scene, styles, palette, frame);
    paintEdges(figure, scene, scene.graph.edges(), styles, palette, frame);
    paintNodes(figure, scene, scene.graph.nodes(), styles, frame);
  }
  paintFocus(surfaceOf, picture, frame);
  const names = cleared(surfaceOf('names'));
  paintAxes(names, scene, palette, frame);
  paintLabels(names, scene, styles, palette, frame);
  paintTokens(names, scene, palette, frame);
}

/** Paints what is in focus on a veil over the rest, and the selection box. */
export function paintFocus(surfaceOf: SurfaceOf, { scene, styles, palette, box }: Picture, frame: Frame): void {
  const surface = cleared(surfaceOf('focus'));
  if (!scene.boxed) {
    const { focus } = styles;
    if (focus) {
      paintVeil(surface, palette);
      paintEdges(surface, scene, focus.edges.keys(), styles, palette, frame);
      paintNodes(surface, scene, focus.nodes.keys(), styles, frame);
    }
  }
  if (box) paintSelectionBox(surface, box.from, box.to, palette);
}

function cleared(surface: Surface): Surface {
  clear(surface);
  return surface;
}
