import type { Target } from '../scene/pick/pick.js';
import type { Palette } from '../scene/style/palette.js';
import type { Scene } from '../scene/scene.js';
import type { Styles } from '../scene/style/style.js';

export type { Target } from '../scene/pick/pick.js';
export { createStage } from './sigma/sigma-stage.js';

export interface StageEvents {
  /** Null when the pointer leaves. */
  hover(target: Target | null): void;
  /** `additive`: with ctrl or cmd. Null on empty ground. */
  click(target: Target | null, additive: boolean): void;
  /** A node was dragged to a place, in layout units; once, at its end. */
  moved(node: string, x: number, y: number): void;
  /** Shift-drag on empty ground: nodes inside of the box. */
  boxed(nodes: readonly string[]): void;
  /** Nothing can be drawn any more. */
  failed?(message: string): void;
}

/** The drawing surface: shows scenes, tells of the pointer. */
export interface Stage {
  /** Replaces what is shown; the camera stays, unless `fit`. */
  show(scene: Scene, styles: Styles, palette: Palette, options?: { fit?: boolean }): void;
  /** Same scene, other styles (hover, selection, theme). */
  restyle(styles: Styles, palette: Palette): void;
  fit(): void;
  zoom(factor: number): void;
  /** By CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Moves the camera to a node. */
  reveal(node: string): void;
  camera(): CameraView;
  setCamera(camera: CameraView): void;
  /** Where a node is on the surface, in CSS pixels; null where there is none such. */
  placeOf(node: string): { readonly x: number; readonly y: number } | null;
  /** Width / height of the surface. */
  aspect(): number;
  /** Resolves after the next frame is drawn. */
  rendered(): Promise<void>;
  dispose(): void;
}

export interface CameraView {
  readonly x: number;
  readonly y: number;
  /** Larger sees more; 1 shows everything. */
  readonly ratio: number;
}
