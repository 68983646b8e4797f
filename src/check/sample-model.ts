import { widened, type WeightStorage } from '../base/stored-values.js';
import type { LoadedModel } from '../model/load-model.js';
import { randomModel } from '../model/random-model.js';
import type { TensorName } from '../model/weight-table.js';
import type { CheckCase } from './cases.js';

/** The bits of 16-bit floats from those of f32, rounded towards zero. What f16 cannot hold as a normal number is 0. */
const HALVES: Readonly<Record<Exclude<WeightStorage, 'f32'>, (bits: number) => number>> = {
  bf16: (bits) => bits >>> 16,
  f16: (bits) => {
    const sign = (bits >>> 16) & 0x8000;
    const exponent = ((bits >>> 23) & 0xff) - 112;
    return exponent > 0 ? sign | (exponent << 10) | ((bits >>> 13) & 0x3ff) : sign;
  },
};

/** The model of a case: random weights, rounded to the storage that the case asks for. */
export async function checkModel({ spec, modelSeed, storage = 'f32' }: CheckCase): Promise<LoadedModel> {
  const model = await randomModel(spec, modelSeed);
  if (storage === 'f32') return model;
  const readStored = async (name: TensorName) => {
    const bits = new Uint32Array((await model.weights.read(name)).buffer);
    return { storage, values: Uint16Array.from(bits, HALVES[storage]) };
  };
  const read = async (name: TensorName) => widened(await readStored(name));
  return { ...model, weights: { read, readStored, storage: () => storage } };
}
