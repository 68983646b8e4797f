import { quote } from '../../base/text.js';
import { nvidiaDriver, nvidiaNodes, renderNodes, type Vendor } from './cards.js';
import type { Machine } from './machine.js';
import { slurmGaveNone, type Place } from './place.js';

/** What stands between a card and Vulkan. */
export type PartName =
  | 'kernel driver'
  | 'job with a card'
  | 'device node'
  | 'right to the device node'
  | 'graphics capability'
  | 'driver library'
  | 'libEGL.so.1'
  | 'libXext.so.6'
  | 'Vulkan loader'
  | 'driver variable'
  | 'ICD file';

export interface Part {
  readonly name: PartName;
  readonly found: boolean;
  /** What was found, or what was looked for. */
  readonly detail: string;
}

/** Where dynamic linkers look, beside LD_LIBRARY_PATH; the last are GKE's, Apptainer's and NixOS's. */
const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/lib64',
  '/usr/lib',
  '/lib',
  '/usr/local/lib',
  '/usr/local/nvidia/lib64',
  '/.singularity.d/libs',
  '/run/opengl-driver/lib',
];

/** Where the Vulkan loader looks for descriptions of drivers, beside the user's folder. */
const ICD_FOLDERS = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/usr/local/etc/vulkan/icd.d',
  '/run/opengl-driver/share/vulkan/icd.d',
];

/** How the ICD files of a vendor's drivers are called. */
const ICD_NAMES: Readonly<Record<Vendor, RegExp>> = {
  NVIDIA: /nvidia/i,
  AMD: /radeon|amd/i,
  Intel: /intel/i,
};

/** The parts that a vendor's card needs in a place, in the order in which they are to be mended. */
export function partsOf(machine: Machine, vendor: Vendor, place: Place): Part[] {
  const slurm = machine.environment['SLURM_JOB_ID'];
  const job: Part[] = slurm
    ? [{ name: 'job with a card', found: !slurmGaveNone(machine), detail: `Slurm's job ${quote(slurm)}` }]
    : [];
  const own = vendor === 'NVIDIA' ? nvidiaParts(machine, place) : mesaParts(machine);
  return [...job, ...own, loader(machine), ...icdParts(machine, vendor)];
}

function nvidiaParts(machine: Machine, place: Place): Part[] {
  const driver = nvidiaDriver(machine);
  const nodes = nvidiaNodes(machine);
  const library = firstLibrary(machine, ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0']);
  return [
    { name: 'kernel driver', found: driver !== undefined, detail: driver ?? 'no /proc/driver/nvidia/version' },
    { name: 'device node', found: nodes.length > 0, detail: nodes.join(', ') || 'no /dev/nvidia0' },
    ...rights(machine, nodes),
    ...capability(machine, place, library !== undefined),
    {
      name: 'driver library',
      found: library !== undefined,
      detail: library ?? 'neither libGLX_nvidia.so.0 nor libEGL_nvidia.so.0',
    },
    needed(machine, 'libEGL.so.1'),
    needed(machine, 'libXext.so.6'),
  ];
}

/** AMD's and Intel's cards compute through Mesa, whose libraries come with their ICD files. */
function mesaParts(machine: Machine): Part[] {
  const nodes = renderNodes(machine);
  const node: Part = {
    name: 'device node',
    found: nodes.length > 0,
    detail: nodes.join(', ') || 'no /dev/dri/renderD128',
  };
  return [node, ...rights(machine, nodes)];
}

function rights(machine: Machine, nodes: readonly string[]): Part[] {
  if (nodes.length === 0) return [];
  const open = nodes.filter((node) => machine.opens(node));
  const detail = open.length > 0 ? open.join(', ') : `${nodes.join(', ')} cannot be opened by this user`;
  return [{ name: 'right to the device node', found: open.length > 0, detail }];
}

/**
 * What the container's runtime passes on of the driver. Without the variable it is utility and compute. Where the
 * library is there all the same, another way than the variable brought it.
 */
function capability({ environment }: Machine, place: Place, brought: boolean): Part[] {
  const asked = environment['NVIDIA_DRIVER_CAPABILITIES'];
  const byVariable = place === 'docker' || place === 'kubernetes' || (place === 'podman' && asked !== undefined);
  if (!byVariable || brought) return [];
  const words = (asked ?? '').split(',').map((word) => word.trim());
  const found = words.includes('graphics') || words.includes('all');
  const detail = `NVIDIA_DRIVER_CAPABILITIES ${asked ? `is ${quote(asked)}` : 'is not set'}`;
  return [{ name: 'graphics capability', found, detail }];
}

function needed(machine: Machine, name: 'libEGL.so.1' | 'libXext.so.6'): Part {
  const path = firstLibrary(machine, [name]);
  return { name, found: path !== undefined, detail: path ?? "NVIDIA's driver loads it" };
}

function loader(machine: Machine): Part {
  const path = firstLibrary(machine, ['libvulkan.so.1']);
  return { name: 'Vulkan loader', found: path !== undefined, detail: path ?? 'no libvulkan.so.1' };
}

function firstLibrary(machine: Machine, names: readonly string[]): string | undefined {
  const own = (machine.environment['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  for (const folder of [...own, ...LIBRARY_FOLDERS]) {
    const name = names.find((one) => machine.has(`${folder}/${one}`));
    if (name !== undefined) return `${folder}/${name}`;
  }
  return undefined;
}

/** The file that leads the loader to the driver. Variables name files or folders to look at instead of all others. */
function icdParts(machine: Machine, vendor: Vendor): Part[] {
  const { environment: env } = machine;
  const variable = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find((name) => env[name]);
  if (variable !== undefined) {
    const named = env[variable]!.split(':').flatMap((path) => [path, ...filesIn(machine, path)]);
    const path = named.find((one) => isOf(vendor, one) && machine.has(one));
    return [
      { name: 'driver variable', found: path !== undefined, detail: path ?? `${variable} is ${quote(env[variable])}` },
    ];
  }
  const home = env['XDG_DATA_HOME'] ?? (env['HOME'] && `${env['HOME']}/.local/share`);
  const folders = [...(home ? [`${home}/vulkan/icd.d`] : []), ...ICD_FOLDERS];
  const path = folders.flatMap((folder) => filesIn(machine, folder)).find((one) => isOf(vendor, one));
  return [{ name: 'ICD file', found: path !== undefined, detail: path ?? `none of ${vendor}'s in ${ICD_FOLDERS[1]}` }];
}

function filesIn(machine: Machine, folder: string): string[] {
  return machine.names(folder).map((name) => `${folder}/${name}`);
}

function isOf(vendor: Vendor, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith('.json') && ICD_NAMES[vendor].test(name);
}
