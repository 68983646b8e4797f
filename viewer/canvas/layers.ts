import type { Frame } from '../scene/draw/marks.js';
import { isFine, type Scene } from '../scene/scene.js';
import type { Palette } from '../scene/style/palette.js';
import type { Styles } from '../scene/style/style.js';
import {
  clear,
  paintAxes,
  paintBands,
  paintEdges,
  paintLabels,
  paintNodes,
  paintReads,
  paintSelectionBox,
  paintTokens,
  paintVeil,
  type Surface,
} from './painter.js';
import type { Point } from './pointer.js';

/** The 2D layers, from the lowest to the highest. */
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
export function paintLayers(surfaceOf: SurfaceOf, picture: Picture, frame: Frame): void {
  const { scene, styles, palette } = picture;
  paintBands(cleared(surfaceOf('bands')), scene, palette, frame);
  if (!scene.boxed) {
    const figure = cleared(surfaceOf('figure'));
    const painted = isFine(scene) ? scene.graph.edges() : scene.routes.keys();
    paintEdges(figure, scene, painted, styles.base, palette, frame);
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
    }
    // The WebGL program for squares has no border.
    const squares = scene.graph.filterNodes((id, node) => node.kind === 'mlp' && styles.node(id).borderWidth > 0);
    paintNodes(surface, scene, new Set([...(focus ? focus.nodes.keys() : []), ...squares]), styles, frame);
  }
  if (box) paintSelectionBox(surface, box.from, box.to, palette);
}

function cleared(surface: Surface): Surface {
  clear(surface);
  return surface;
}
