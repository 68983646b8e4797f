import { EdgewiseError } from '../base/errors.js';
import { requirePlace, viewOf, type Place, type PlaceView } from '../block/places.js';
import { projectionView } from '../block/projections.js';
import type { Tensor } from '../gpu/arena.js';
import type { PassFrame } from './pass-frame.js';

/**
 * Where a whole pass holds a place of its one circuit. It lies in the first slot.
 *
 * @throws EdgewiseError of kind usage for places that it does not hold.
 */
export function passPlace(frame: PassFrame, place: Place, layer: number): PlaceView {
  const { weights, topology, tokens, outputs, tensors, shape, input } = frame;
  const { spec } = weights;
  requirePlace(place, topology);
  const refuse = (why: string): never => {
    throw new EdgewiseError('usage', `place ${place}`, `a pass of circuits does not hold it: ${why}`);
  };
  const ofWriters = (first: number, count: number): PlaceView => {
    const view = viewOf(outputs, spec.width, count);
    return { ...view, first: first * tokens * view.rowStride };
  };
  /** The first circuit's heads of a tensor [C, H, T, ..]. */
  const ofHeads = (tensor: Tensor, columns: number): PlaceView => viewOf(tensor, columns, spec.heads);
  switch (place) {
    case 'embedding':
      return input === 'token' ? ofWriters(0, 1) : refuse('its writer `input` holds positions, too');
    case 'queries':
      return projectionView(frame.projections[layer]!, topology, weights, 'q');
    case 'keys':
      return projectionView(frame.projections[layer]!, topology, weights, 'k');
    case 'values':
      return projectionView(frame.projections[layer]!, topology, weights, 'v');
    case 'pattern':
      return ofHeads(tensors.pattern, shape.sequence);
    case 'mixed':
      return ofHeads(tensors.z, spec.headWidth);
    case 'head outputs':
      return ofWriters(topology.headWriter(layer, 0), spec.heads);
    case 'mlp output':
      return ofWriters(topology.mlpWriter(layer), 1);
    case 'neurons':
      return refuse('of the hidden layer it holds the rows alone that it computes');
    case 'scores':
      return refuse('it makes the pattern at once');
    case 'logits':
      return refuse('its readout makes them');
    case 'residual':
    case 'attention inputs':
    case 'attention output':
    case 'mlp input':
    case 'final input':
      return refuse('every port has an input of its own');
  }
}
