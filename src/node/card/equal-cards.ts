import { pciCards, type Vendor } from './cards.js';
import type { Machine } from './machine.js';

/** Where Mesa's packages put the layer that selects devices. */
const LAYER_FOLDERS = ['/usr/share/vulkan/implicit_layer.d', '/etc/vulkan/implicit_layer.d'];
const LAYER = 'VkLayer_MESA_device_select.json';

const VENDORS: Readonly<Record<string, Vendor>> = { nvidia: 'NVIDIA', amd: 'AMD', intel: 'Intel' };

/**
 * Values of DRI_PRIME by which Mesa's device selection layer puts each of `count` equal cards first; in the order of
 * their addresses. The layer serves the drivers of all vendors.
 *
 * Source: docs.mesa3d.org/envvars.html.
 *
 * @param vendor as an adapter's info names it.
 * @returns undefined where the layer is not installed, or the bus does not show just so many equal cards.
 */
export function selectorsOfEqualCards(machine: Machine, vendor: string, count: number): readonly string[] | undefined {
  if (machine.platform !== 'linux') return undefined;
  if (!LAYER_FOLDERS.some((folder) => machine.has(`${folder}/${LAYER}`))) return undefined;
  const cards = pciCards(machine).filter((card) => card.vendor === VENDORS[vendor]);
  const equal = [...new Set(cards.map(({ model }) => model))]
    .map((model) => cards.filter((card) => card.model === model))
    .filter((group) => group.length === count);
  return equal.length === 1 ? equal[0]!.map(({ address }) => `pci-${address.replace(/[:.]/g, '_')}`) : undefined;
}
