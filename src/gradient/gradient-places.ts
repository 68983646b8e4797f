import { EdgewiseError } from '../base/errors.js';
import { requirePlace, viewOf, type Place, type PlaceView } from '../block/places.js';
import { projectionView } from '../block/projections.js';
import { outputGradient } from './backward-pieces.js';
import type { GradientFrame } from './gradient-frame.js';

/** Where the uncut run holds a place. @throws EdgewiseError of kind usage for places that are the residual stream. */
export function forwardPlace(frame: GradientFrame, place: Place, layer: number): PlaceView {
  const { weights, topology, tensors, streams, portGroups, shape } = frame;
  const { spec } = weights;
  requirePlace(place, topology);
  switch (place) {
    case 'embedding':
    case 'mlp output':
      return viewOf(tensors.portGradients, spec.width);
    case 'head outputs':
      return viewOf(tensors.portGradients, spec.width, spec.heads);
    case 'attention output':
      return viewOf(tensors.normed, spec.width);
    case 'residual': {
      const reader = portGroups.find((group) => group.kind !== 'mlp' && group.layer === layer)!;
      return viewOf(streams[reader.reads]!, spec.width);
    }
    case 'queries':
      return projectionView(frame.projections[layer]!, topology, weights, 'q');
    case 'keys':
      return projectionView(frame.projections[layer]!, topology, weights, 'k');
    case 'values':
      return projectionView(frame.projections[layer]!, topology, weights, 'v');
    case 'scores':
    case 'pattern':
      return viewOf(tensors.pattern, shape.sequence, spec.heads);
    case 'mixed':
      return viewOf(tensors.z, spec.headWidth, spec.heads);
    case 'neurons':
      return viewOf(tensors.hidden, spec.mlpWidth);
    case 'logits':
      return viewOf(tensors.logits, spec.vocab);
    case 'attention inputs':
    case 'mlp input':
    case 'final input':
      throw new EdgewiseError('usage', `place ${place}`, 'is the residual stream of an uncut run: read or set that');
  }
}

/**
 * Where the gradient at a place is, on the way back. @throws EdgewiseError of kind usage where there is none to read.
 */
export function gradientPlace(frame: GradientFrame, place: Place, layer: number): PlaceView {
  const { weights, topology, tensors, shape, tokens } = frame;
  const { spec, layout } = weights;
  requirePlace(place, topology);
  switch (place) {
    case 'embedding':
    case 'residual':
    case 'attention output':
    case 'mlp output':
    case 'final input':
      return viewOf(tensors.streamGradient, spec.width);
    case 'head outputs':
      // Every head's is the same.
      return { ...viewOf(outputGradient(frame), spec.width, spec.heads), unitStride: 0 };
    case 'attention inputs':
      return viewOf(tensors.portGradients, spec.width, topology.attentionPorts);
    case 'mlp input':
      return viewOf(tensors.portGradients, spec.width);
    case 'queries':
    case 'keys':
    case 'values': {
      const branch = ({ queries: 'q', keys: 'k', values: 'v' } as const)[place];
      const view = viewOf(tensors.projectionGradients, spec.headWidth, topology.branchPorts(branch));
      return { ...view, first: topology.attentionPort(branch, 0) * view.unitStride };
    }
    case 'neurons':
      return viewOf(tensors.hidden, spec.mlpWidth);
    case 'pattern':
      return viewOf(tensors.scoreGradient, shape.sequence, spec.heads);
    case 'scores':
      throw new EdgewiseError('usage', 'place scores', 'the gradient there is held times the scale of the scores');
    case 'mixed': {
      const unitStride = 4 * layout.head4;
      const view = viewOf(tensors.zGradient, spec.headWidth, spec.heads);
      return { ...view, unitStride, rows: tokens, rowStride: spec.heads * unitStride };
    }
    case 'logits':
      throw new EdgewiseError('usage', 'place logits', `the gradient there is the metric's own (layer ${layer})`);
  }
}
