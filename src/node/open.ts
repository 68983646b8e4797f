import type { ByteProgress } from '../base/work-progress.js';
import type { ModelDirectory } from '../checkpoint/byte-source.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import type { TileName } from '../gpu/product/tiles.js';
import { openModel, type LoadedModel, type ModelOptions } from '../model/load-model.js';
import { Edgewise } from '../run/edgewise.js';
import { Engine } from '../run/engine.js';
import { openDevices, type AdapterOptions, type OpenDevice } from './device.js';
import type { DownloadProgress } from './hub/hub.js';
import { openModelDirectory } from './model-directory.js';
import { resolveModel } from './model-location.js';
import { openTaskFile } from './open-files.js';
import { openTaskReader } from './reading/open-task-reader.js';
import { deviceTuning } from './tuning-store.js';

/** How a model runs. No result depends on it beyond rounding of the adapter. */
export interface DeviceOptions extends AdapterOptions {
  /** Most memory for activations and caches beside the weights, in GB on each device. Default 4. */
  readonly memory?: number;
  /** Tile of the matrix product. Default: the fastest one, measured once per adapter and stored in the user's cache. */
  readonly tile?: TileName;
  /** Is told of how much of the weights is on the device. */
  readonly onLoad?: (progress: ByteProgress) => void;
}

export interface OpenOptions extends DeviceOptions, ModelOptions {
  /** Is told of the download of a model of the hub. */
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/** A model's files, read and checked. Nothing is on a device yet. */
export interface OpenedModel {
  readonly model: LoadedModel;
  readonly directory: ModelDirectory;
}

/** Devices with an engine on them. */
export interface OpenedEngine {
  readonly engine: Engine;
  /** Whether they compute on this machine's processor. */
  readonly software: boolean;
  /** Frees the memory, and closes the devices. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a model on this machine.
 *
 * @param model a folder, a shipped model's name, or a hub id such as `openai-community/gpt2` (`id@revision`).
 * @throws EdgewiseError: usage for a name that is none of these, checkpoint where files are not as they should be or
 *   cannot be downloaded, device where there is no adapter or it computes wrongly.
 */
export async function open(model: string, options: OpenOptions = {}): Promise<Edgewise> {
  const opened = await openModelByName(model, options);
  const { engine, close } = await openEngine(opened.model, options);
  return new Edgewise({ engine, reader: (bos) => openTaskReader(opened, bos), taskFile: openTaskFile, close });
}

/** Reads and checks a model's files. */
export async function openModelByName(
  name: string,
  { onDownload, ...options }: Pick<OpenOptions, 'onDownload' | keyof ModelOptions> = {},
): Promise<OpenedModel> {
  const location = await resolveModel(name, onDownload && { onProgress: onDownload });
  const directory = await openModelDirectory(location.directory);
  return { model: { ...(await openModel(directory, options)), name: location.name }, directory };
}

/** Opens devices, and puts an engine with the model on them. */
export async function openEngine(
  model: LoadedModel,
  { adapter, devices, memory, tile, onLoad }: DeviceOptions,
): Promise<OpenedEngine> {
  const [first, ...others] = await openDevices({
    ...(adapter !== undefined && { adapter }),
    ...(devices && { devices }),
  });
  const close = async (): Promise<void> => {
    for (const one of [first!, ...others]) await one.close();
  };
  try {
    const engine = await Engine.create({
      ...first!,
      others,
      model,
      onLoad,
      tuning: await tuningOf(first!, tile),
      ...(memory !== undefined && { memoryBudget: memory * 1e9 }),
    });
    return {
      engine,
      software: first!.software,
      close: () => {
        engine.dispose();
        return close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What suits the device: as stored, or else measured and stored. Tiles are as told. */
export async function tuningOf(
  open: Pick<OpenDevice, 'device' | 'adapter' | 'wait'>,
  tile?: TileName,
): Promise<Tuning> {
  const tuning = await deviceTuning(open);
  return tile === undefined ? tuning : { ...tuning, tile, transposedTile: tile };
}
