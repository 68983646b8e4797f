import type { ByteProgress } from '../base/work-progress.js';
import { memoryDirectory, type ModelDirectory } from '../checkpoint/byte-source.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import { openModel, type ModelOptions } from '../model/load-model.js';
import { builtinTaskFile } from '../task/builtin/index.js';
import { Edgewise } from './edgewise.js';
import { Engine } from './engine.js';
import { taskReader } from './task-reader.js';

export interface PageOptions extends ModelOptions {
  /** Of `navigator.gpu`. It stays the caller's, who destroys it after `close`. */
  readonly device: GPUDevice;
  /** The adapter's name. It is written into results. Default: what the device says of its adapter. */
  readonly adapter?: string;
  /** The model's files by their names: `config.json`, `model.safetensors` or shards, `tokenizer.json`. */
  readonly files: ModelDirectory | ReadonlyMap<string, Uint8Array>;
  /** Name of the model. It is written into results. Default `model`. */
  readonly name?: string;
  /** Most memory for activations and caches beside the weights, in GB. Default 4. */
  readonly memory?: number;
  /** What suits the device, as an earlier `engine.tuning` had it. Default: it is measured, in about a second. */
  readonly tuning?: Tuning;
  /** Is told of how much of the weights is on the device. */
  readonly onLoad?: (progress: ByteProgress) => void;
}

/**
 * Opens a model on a device of a page. Needs nothing of Node.
 *
 * @throws EdgewiseError: checkpoint where files are missing or not as they should be, device where it computes wrongly.
 */
export async function openInPage(options: PageOptions): Promise<Edgewise> {
  const { device, files, name = 'model', memory, tuning, onLoad } = options;
  const directory = 'open' in files ? files : memoryDirectory(name, files);
  const model = { ...(await openModel(directory, options)), name };
  const engine = await Engine.create({
    device,
    adapter: options.adapter ?? adapterName(device),
    model,
    onLoad,
    ...(memory !== undefined && { memoryBudget: memory * 1e9 }),
    ...(tuning && { tuning }),
  });
  return new Edgewise({
    engine,
    reader: (bos) => taskReader(directory, model.spec, bos),
    taskFile: async (task) => builtinTaskFile(task),
    close: async () => engine.dispose(),
  });
}

/** Older browsers do not tell the adapter of a device. */
function adapterName({ adapterInfo }: Partial<Pick<GPUDevice, 'adapterInfo'>>): string {
  const { vendor, architecture, description } = adapterInfo ?? {};
  return [vendor, architecture, description].filter(Boolean).join(' ') || 'unnamed adapter';
}
