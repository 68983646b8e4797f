import type { Target } from '../scene/pick/pick.js';
import type { Scene } from '../scene/scene.js';
import type { Palette } from '../scene/style/palette.js';
import type { Styles } from '../scene/style/style.js';

/** What the reader does on the drawing surface. */
export interface StageEvents {
  /** The pointer is on something else. Null = on nothing, or it left the surface. */
  hover(target: Target | null): void;
  /** `additive`: with Ctrl or Cmd. `target` is null on empty ground. */
  click(target: Target | null, additive: boolean): void;
  /** A node was dragged to a place in layout units. Told once, when the drag ends. */
  moved(node: string, x: number, y: number): void;
  /** A box was drawn with Shift from empty ground. `nodes` are the nodes inside of it. */
  boxed(nodes: readonly string[]): void;
  /** Nothing can be drawn any more. */
  failed?(message: string): void;
}

/** The drawing surface: shows scenes, tells what the reader does. */
export interface Stage {
  /**
   * Replaces the scene. The camera stays where it is, unless `fit`. Nodes of the same layout go to their new places,
   * unless the reader wants little motion.
   */
  show(scene: Scene, styles: Styles, palette: Palette, options?: { fit?: boolean }): void;
  /** Draws the same scene in other styles: for hover, selection and theme. */
  restyle(styles: Styles, palette: Palette): void;
  /** Moves the camera so that everything is seen. */
  fit(): void;
  /** Brings the camera `factor` times closer. */
  zoom(factor: number): void;
  /** Moves the camera by CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Moves the camera to a node. */
  reveal(node: string): void;
  camera(): CameraView;
  setCamera(camera: CameraView): void;
  /**
   * Place of a node on the surface in CSS pixels, also while it is on its way there. Null when the scene has no such
   * node.
   */
  placeOf(node: string): { readonly x: number; readonly y: number } | null;
  /** Width / height of the surface. */
  aspect(): number;
  /** Resolves after the next frame is drawn, once all nodes are at their places. */
  rendered(): Promise<void>;
  dispose(): void;
}

export interface CameraView {
  readonly x: number;
  readonly y: number;
  /** A larger ratio sees more. 1 sees everything. */
  readonly ratio: number;
}
