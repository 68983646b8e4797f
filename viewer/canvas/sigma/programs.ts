import { createEdgeCurveProgram } from '@sigma/edge-curve';
import { createNodeBorderProgram } from '@sigma/node-border';
import { NodeSquareProgram } from '@sigma/node-square';
import { EdgeRectangleProgram, NodeCircleProgram, type ProgramInfo } from 'sigma/rendering';
import type { RenderParams } from 'sigma/types';
import type { DisplayEdge, DisplayNode } from '../../scene/scene.js';

/** The width of an edge grows with the square root of the zoom. It is in CSS pixels when everything is seen. */
function growSlowly(params: RenderParams): RenderParams {
  return { ...params, sizeRatio: Math.sqrt(params.zoomRatio) };
}

class LineProgram extends EdgeRectangleProgram<DisplayNode, DisplayEdge> {
  override setUniforms(params: RenderParams, info: ProgramInfo): void {
    super.setUniforms(growSlowly(params), info);
  }
}

class CurveProgram extends (createEdgeCurveProgram() as typeof EdgeRectangleProgram<DisplayNode, DisplayEdge>) {
  override setUniforms(params: RenderParams, info: ProgramInfo): void {
    super.setUniforms(growSlowly(params), info);
  }
}

const RingProgram = createNodeBorderProgram<DisplayNode, DisplayEdge>({
  borders: [
    { size: { attribute: 'borderSize', defaultValue: 1.5, mode: 'pixels' }, color: { attribute: 'borderColor' } },
    { size: { fill: true }, color: { attribute: 'color' } },
  ],
});

/** WebGL programs by the `type` of a node. */
export const NODE_PROGRAMS = { circle: NodeCircleProgram, square: NodeSquareProgram, ringed: RingProgram };
/** WebGL programs by the `type` of an edge. */
export const EDGE_PROGRAMS = { curve: CurveProgram, line: LineProgram };
