import { createRng, type Rng } from '../../src/base/rng.js';
import type { WeightReader } from '../../src/model/load-model.js';
import { weightTable, type TensorName } from '../../src/model/weight-table.js';
import type { Blueprint } from './blueprint.js';
import { fillEmbedding, fillPositions } from './embedding-weights.js';
import { addNormal } from './fill.js';
import { fillHeadQueryBias, fillHeadReading, fillHeadWriting } from './head-weights.js';
import { fillMlpBias, fillMlpIn, fillMlpOut } from './mlp-weights.js';

/** Gain of the final norm: how sure the model is of its answers. */
const FINAL_GAIN = 1.5;
const RANDOM_GAIN = 0.05;
/** Norm of a bias vector of the stream's width. */
const RANDOM_BIAS = 0.1;

/**
 * Weights of the planted model: random numbers in every tensor, and on top of them the matrices of low rank that make
 * up the roles. Each tensor has a generator of its own, so that they can be read in any order and none is kept.
 */
export function plantedWeights(print: Blueprint, seed: number): WeightReader {
  const table = weightTable(print.spec);
  const order = [...table.keys()];
  return {
    async read(name) {
      const shape = table.get(name)!;
      const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
      fill(print, name, values, createRng(seed * 65_537 + order.indexOf(name)));
      return values;
    },
  };
}

function fill(print: Blueprint, name: TensorName, values: Float32Array, rng: Rng): void {
  const { width, heads } = print.spec;
  const [, layerText, tensor = name] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
  const layer = Number(layerText);
  const perHead = (fillOne: (head: number) => void): void =>
    Array.from({ length: heads }).forEach((_, h) => fillOne(h));
  switch (tensor) {
    case 'embed':
      return fillEmbedding(print, values, rng);
    case 'positions':
      return fillPositions(print, values, rng);
    case 'wq':
    case 'wk':
    case 'wv':
      return perHead((head) => fillHeadReading(print, tensor.slice(1) as 'q' | 'k' | 'v', layer, head, values, rng));
    case 'wo':
      return perHead((head) => fillHeadWriting(print, layer, head, values, rng));
    case 'win':
      return fillMlpIn(print, layer, values, rng);
    case 'bin':
      return fillMlpBias(print, layer, values, rng);
    case 'wout':
      return fillMlpOut(print, layer, values, rng);
    default: {
      const isGain = name.endsWith('gain');
      addNormal(values, isGain ? RANDOM_GAIN : RANDOM_BIAS / Math.sqrt(width), rng);
      const centre = name === 'normf.gain' ? FINAL_GAIN : 1;
      if (isGain) for (let i = 0; i < values.length; i++) values[i]! += centre;
      if (tensor === 'bq') perHead((head) => fillHeadQueryBias(print, layer, head, values));
    }
  }
}
