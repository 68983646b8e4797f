import type { Machine } from './machine.js';

export type Vendor = 'NVIDIA' | 'AMD' | 'Intel';

/** Ids of the PCI bus. Makers of server consoles and virtual screens are none of them. */
const VENDORS: Readonly<Record<string, Vendor>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' };

const PCI = '/sys/bus/pci/devices';
/** Display controllers: VGA, 3D without a screen, others. */
const DISPLAY = /^0x03/;

/** A graphics card on the PCI bus. */
export interface PciCard {
  readonly vendor: Vendor;
  /** Domain, bus, device and function: `0000:41:00.0`. */
  readonly address: string;
  /** Id of the model: equal cards have the same. */
  readonly model: string;
}

/** Graphics cards on the PCI bus, by address. A container sees those of its host. */
export function pciCards(machine: Machine): PciCard[] {
  const read = (address: string, file: string): string => machine.text(`${PCI}/${address}/${file}`)?.trim() ?? '';
  return machine
    .names(PCI)
    .toSorted()
    .flatMap((address) => {
      const vendor = VENDORS[read(address, 'vendor')];
      if (vendor === undefined || !DISPLAY.test(read(address, 'class'))) return [];
      return [{ vendor, address, model: read(address, 'device') }];
    });
}

/** Version of NVIDIA's kernel driver; undefined where none is loaded. */
export function nvidiaDriver(machine: Machine): string | undefined {
  return machine.text('/proc/driver/nvidia/version')?.match(/\s(\d{3,}\.\d+(?:\.\d+)?)\s/)?.[1];
}

/** Device nodes of NVIDIA's cards: `/dev/nvidia0`. */
export function nvidiaNodes(machine: Machine): string[] {
  return machine
    .names('/dev')
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((name) => `/dev/${name}`);
}

/** Device nodes that Mesa's drivers compute on: `/dev/dri/renderD128`. */
export function renderNodes(machine: Machine): string[] {
  return machine
    .names('/dev/dri')
    .filter((name) => name.startsWith('renderD'))
    .map((name) => `/dev/dri/${name}`);
}

/**
 * Whose card an engine would use here: NVIDIA's before others. Undefined where there is none. In WSL the card is
 * Windows' and stands on no bus: `isWsl` says that one is passed on.
 */
export function vendorOfCard(machine: Machine, isWsl: boolean): Vendor | 'unknown' | undefined {
  if (isWsl) {
    if (!machine.has('/dev/dxg')) return undefined;
    return machine.has('/usr/lib/wsl/lib/libcuda.so.1') ? 'NVIDIA' : 'unknown';
  }
  if (nvidiaDriver(machine) !== undefined || nvidiaNodes(machine).length > 0) return 'NVIDIA';
  const vendors = pciCards(machine).map(({ vendor }) => vendor);
  return (['NVIDIA', 'AMD', 'Intel'] as const).find((vendor) => vendors.includes(vendor));
}
