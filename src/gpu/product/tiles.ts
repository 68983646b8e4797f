/** One way to cut a matrix product into pieces: a kernel, and the rows of `a` that a workgroup takes at once. */
interface Tile {
  readonly kernel: 'matmul' | 'matmul_subgroup' | 'matmul_workgroup' | 'matmul_blocked';
  readonly rows: number;
  /** Rows of the smaller piece that the same kernel takes where a product has no more. */
  readonly fewRows: number;
}

/**
 * The tile shapes of the matrix product. A tile is held in the registers of an invocation or of a subgroup, or in
 * workgroup memory. All give the same bits; the adapter decides which is fast. Of equally fast ones the first is taken.
 */
export const TILES = {
  'register-8': { kernel: 'matmul', rows: 8, fewRows: 8 },
  'subgroup-8': { kernel: 'matmul_subgroup', rows: 8, fewRows: 8 },
  'subgroup-16': { kernel: 'matmul_subgroup', rows: 16, fewRows: 8 },
  'workgroup-32': { kernel: 'matmul_workgroup', rows: 32, fewRows: 32 },
  'workgroup-64': { kernel: 'matmul_workgroup', rows: 64, fewRows: 32 },
  'blocked-64': { kernel: 'matmul_blocked', rows: 64, fewRows: 8 },
  'blocked-128': { kernel: 'matmul_blocked', rows: 128, fewRows: 8 },
} as const satisfies Readonly<Record<string, Tile>>;

export type TileName = keyof typeof TILES;
export const TILE_NAMES = Object.keys(TILES) as readonly TileName[];

/** The part of a device that tiles depend on. Older browsers have no `adapterInfo`. */
type Capabilities = Pick<GPUDevice, 'features' | 'limits'> & Partial<Pick<GPUDevice, 'adapterInfo'>>;

/** Rows that kernels/matmul_subgroup.wgsl broadcasts from as many invocations. */
const BROADCAST_ROWS = 8;
/** What workgroups of a tile take of a device. WebGPU's defaults, 256 and 16 KB, have room for all but the last. */
const WORKGROUPS: Readonly<Partial<Record<string, { readonly invocations: number; readonly bytes: number }>>> = {
  'workgroup-32': { invocations: 256, bytes: 12_288 },
  'workgroup-64': { invocations: 256, bytes: 12_288 },
  'blocked-64': { invocations: 128, bytes: 16_384 },
  'blocked-128': { invocations: 256, bytes: 32_768 },
};

/** Invocations that every subgroup of this device has; 0 where it was opened without subgroups. */
export function subgroupLanes({ features, adapterInfo }: Capabilities): number {
  return features.has('subgroups') ? (adapterInfo?.subgroupMinSize ?? 0) : 0;
}

/** What a tile needs that the device lacks, in words; undefined where it runs. */
export function tileLacks(name: TileName, device: Capabilities): string | undefined {
  const { kernel } = TILES[name];
  if (kernel === 'matmul_subgroup' && subgroupLanes(device) < BROADCAST_ROWS) {
    return `subgroups of at least ${BROADCAST_ROWS} invocations`;
  }
  const needed = WORKGROUPS[name];
  const { maxComputeInvocationsPerWorkgroup: invocations, maxComputeWorkgroupStorageSize: bytes } = device.limits;
  if (needed && (invocations < needed.invocations || bytes < needed.bytes)) {
    return `workgroups of ${needed.invocations} invocations and ${needed.bytes} bytes`;
  }
  return undefined;
}

/** Tiles that run on the device, in the order of TILES. */
export function usableTiles(device: Capabilities): TileName[] {
  return TILE_NAMES.filter((name) => tileLacks(name, device) === undefined);
}

/**
 * Tiles worth comparing on the device. A software adapter takes long to compile the tiles for cards, and never chooses
 * one.
 */
export function comparedTiles(device: Capabilities): TileName[] {
  const software = device.adapterInfo?.isFallbackAdapter;
  return usableTiles(device).filter((name) => !software || TILES[name].kernel !== 'matmul_blocked');
}

/**
 * Tiles worth measuring on the device; at least one. Software adapters take seconds to compile a tile, and two kinds
 * win nothing there (bench/results has the figures). Workgroup memory is ordinary memory. The register tile makes every
 * load once a lane, where the subgroup tile makes it once.
 */
export function trialTiles(device: Capabilities): TileName[] {
  const usable = usableTiles(device);
  if (!device.adapterInfo?.isFallbackAdapter) return usable;
  const subgroup = usable.filter((name) => TILES[name].kernel === 'matmul_subgroup');
  return subgroup.length > 0 ? subgroup : ['register-8'];
}

/** The tile for a device on which none was measured. On software adapters it is never far from the best. */
export function defaultTile(device: Capabilities): TileName {
  return tileLacks('subgroup-8', device) === undefined ? 'subgroup-8' : 'register-8';
}
