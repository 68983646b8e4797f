import type { Topology } from '../circuit/topology.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';

/** What an instrument needs of an engine. */
export interface InstrumentSetting {
  readonly model: LoadedModel;
  readonly weights: ModelWeights;
  readonly topology: Topology;
  /** Most bytes of activations on the device. */
  readonly budget: number;
}
