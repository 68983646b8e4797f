/** Machines that exist as a list of files, for the search for a card. */
import type { Machine } from '../../src/node/card/machine.js';

export interface FakeMachine {
  readonly platform?: NodeJS.Platform;
  readonly environment?: Readonly<Record<string, string>>;
  /** Paths with their texts; folders follow from them. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of these files, those that this user may not open. */
  readonly closed?: readonly string[];
}

export function fakeMachine({ platform = 'linux', environment = {}, files = {}, closed = [] }: FakeMachine): Machine {
  const paths = Object.keys(files);
  const inside = (folder: string): string[] => paths.filter((path) => path.startsWith(`${folder}/`));
  return {
    platform,
    environment,
    text: (path) => files[path],
    names: (folder) => [...new Set(inside(folder).map((path) => path.slice(folder.length + 1).split('/')[0]!))],
    has: (path) => path in files || inside(path).length > 0,
    opens: (path) => path in files && !closed.includes(path),
  };
}

export const DRIVER = '580.159.03';
const PROC_VERSION = `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${DRIVER}  Release Build  (dvs-builder)\nGCC version: 12.2.0\n`;
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

/** A card on the PCI bus. */
export function pciCard(address: string, vendor: string, device = '0x2330', kind = '0x030200'): Record<string, string> {
  const at = `/sys/bus/pci/devices/${address}`;
  return { [`${at}/vendor`]: `${vendor}\n`, [`${at}/device`]: `${device}\n`, [`${at}/class`]: `${kind}\n` };
}

/** What an NVIDIA card takes to be used by Vulkan. */
export const NVIDIA_FILES: Readonly<Record<string, string>> = {
  '/proc/version': 'Linux version 6.8.0-generic',
  '/proc/driver/nvidia/version': PROC_VERSION,
  '/dev/nvidiactl': '',
  '/dev/nvidia0': '',
  [`${LIBRARIES}/libvulkan.so.1`]: '',
  [`${LIBRARIES}/libGLX_nvidia.so.0`]: '',
  [`${LIBRARIES}/libEGL_nvidia.so.0`]: '',
  [`${LIBRARIES}/libEGL.so.1`]: '',
  [`${LIBRARIES}/libXext.so.6`]: '',
  '/usr/share/vulkan/icd.d/nvidia_icd.json': '{}',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json': '{}',
  ...pciCard('0000:41:00.0', '0x10de'),
};

/** What AMD's and Intel's cards take, of the first kind. */
export const AMD_FILES: Readonly<Record<string, string>> = {
  '/dev/dri/card0': '',
  '/dev/dri/renderD128': '',
  [`${LIBRARIES}/libvulkan.so.1`]: '',
  '/usr/share/vulkan/icd.d/radeon_icd.x86_64.json': '{}',
  ...pciCard('0000:03:00.0', '0x1002', '0x744c', '0x030000'),
};

/** Files without those whose paths match. */
export function without(
  files: Readonly<Record<string, string>>,
  ...patterns: readonly RegExp[]
): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !patterns.some((pattern) => pattern.test(path))));
}
