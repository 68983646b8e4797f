import type { ByteProgress } from '../base/work-progress.js';
import { EdgewiseError } from '../base/errors.js';
import { runSelfTest } from '../check/self-test.js';
import { Gpu } from '../gpu/gpu.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import { measureTuning } from '../gpu/product/measure-tuning.js';
import { uploadWeights, type ModelWeights } from '../model/weights.js';
import type { EngineDevice, EngineOptions } from './options.js';

/** A model on the devices of a run, each of which has all weights. */
export interface PlacedModel {
  /** At least one; equal adapters with one tile. */
  readonly weights: readonly ModelWeights[];
  readonly tuning: Tuning;
}

/**
 * Measures what suits the first device unless it is told, checks the arithmetic of every device on a small model,
 * uploads the weights to each.
 *
 * @throws EdgewiseError of kind device where devices differ, one computes wrongly, or the weights do not fit.
 */
export async function placeModel(options: EngineOptions): Promise<PlacedModel> {
  const { model, onLoad, others = [] } = options;
  const devices: readonly EngineDevice[] = [options, ...others];
  refuseUnlike(devices.map(({ adapter }) => adapter));
  const { device, adapter, wait } = options;
  const tuning = options.tuning ?? (await measureTuning(new Gpu(device, adapter, { wait })));
  const weights: ModelWeights[] = [];
  try {
    for (const [i, one] of devices.entries()) {
      const gpu = new Gpu(one.device, one.adapter, { ...tuning, wait: one.wait });
      await runSelfTest(gpu, model);
      const tell = onLoad && ((progress: ByteProgress) => onLoad(ofAll(progress, i, devices.length)));
      weights.push(await uploadWeights(gpu, model.spec, model.weights, tell));
    }
    return { weights, tuning };
  } catch (error) {
    for (const placed of weights) placed.dispose();
    throw error;
  }
}

/**
 * Equal adapters give equal bits, whatever is computed on which.
 *
 * @param adapters names of those that share a run.
 * @throws EdgewiseError of kind device where one is not as the first.
 */
export function refuseUnlike([first, ...others]: readonly string[]): void {
  const other = others.find((adapter) => adapter !== first);
  if (other === undefined) return;
  const what = `must be of equal adapters, which round alike; got ${first} and ${other}`;
  throw new EdgewiseError('device', 'devices', what);
}

/** Every device is given the weights once. */
function ofAll({ bytes, total }: ByteProgress, before: number, devices: number): ByteProgress {
  return { bytes: before * total + bytes, total: devices * total };
}
