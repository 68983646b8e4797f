import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { MOST_JOBS, type Tuning } from '../gpu/product/choose-tile.js';
import { measureTuning } from '../gpu/product/measure-tuning.js';
import { Gpu } from '../gpu/gpu.js';
import { ROW_WORKGROUPS } from '../gpu/workgroups.js';
import { TILE_NAMES, tileLacks } from '../gpu/product/tiles.js';
import { VERSION } from '../version.js';
import { writeFileAtomically } from './atomic-write.js';
import type { OpenDevice } from './device.js';
import { makeFolder } from './make-folder.js';
import { isFile } from './probe.js';

/** What a file of the store holds; adapter and version again, so that a file is known by more than its name. */
const stored = v.object({
  adapter: v.string(),
  version: v.literal(VERSION),
  tile: v.picklist(TILE_NAMES),
  transposedTile: v.exactOptional(v.picklist(TILE_NAMES)),
  rowWorkgroup: v.exactOptional(v.picklist(ROW_WORKGROUPS)),
  fill: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_JOBS)),
});

/** The user's folder for what can be made again: EDGEWISE_CACHE, or `edgewise` where this system keeps such folders. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { EDGEWISE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (EDGEWISE_CACHE) return EDGEWISE_CACHE;
  const local = platform === 'win32' ? LOCALAPPDATA : undefined;
  const usual = platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  return join(XDG_CACHE_HOME || local || usual, 'edgewise');
}

/**
 * What suits a device: as stored by an earlier process for the same adapter and engine version, otherwise measured and
 * stored. A file that cannot be read, is broken or names a tile that the device cannot run is replaced; a folder that
 * cannot be written is no error, but then every process measures.
 */
export async function deviceTuning(
  { device, adapter, wait }: Pick<OpenDevice, 'device' | 'adapter'> & Partial<Pick<OpenDevice, 'wait'>>,
  folder = cacheFolder(),
  measure: typeof measureTuning = measureTuning,
): Promise<Tuning> {
  const path = tuningFile(folder, adapter);
  const known = await readTuning(path, adapter, device);
  if (known) return known;
  const measured = await measure(new Gpu(device, adapter, { wait }));
  // Another process may have been quicker: then its choice holds, so that all processes have the same.
  const others = await readTuning(path, adapter, device);
  if (others) return others;
  try {
    await makeFolder(folder);
    await writeFileAtomically(path, `${JSON.stringify({ adapter, version: VERSION, ...measured })}\n`);
  } catch {
    // measured again next time
  }
  return measured;
}

function tuningFile(folder: string, adapter: string): string {
  const key = createHash('sha256').update(`${VERSION}\n${adapter}`).digest('hex').slice(0, 16);
  return join(folder, `tuning-${key}.json`);
}

async function readTuning(path: string, adapter: string, device: GPUDevice): Promise<Tuning | undefined> {
  // A FIFO of that name would be waited for.
  if (!(await isFile(path))) return undefined;
  try {
    const { adapter: owner, version: _, ...tuning } = v.parse(stored, JSON.parse(await readFile(path, 'utf8')));
    const { tile, transposedTile = tile, rowWorkgroup = 1 } = tuning;
    const runs = [tile, transposedTile].every((name) => tileLacks(name, device) === undefined);
    const fits = rowWorkgroup <= device.limits.maxComputeInvocationsPerWorkgroup;
    return owner === adapter && runs && fits ? tuning : undefined;
  } catch {
    return undefined;
  }
}
