import { expect, test } from 'vitest';
import { selectorsOfEqualCards } from '../../../../src/node/card/equal-cards.js';
import { fakeMachine, pciCard } from '../../../support/fake-machine.js';

const LAYER = { '/usr/share/vulkan/implicit_layer.d/VkLayer_MESA_device_select.json': '{}' };
const TWO = { ...pciCard('0000:c1:00.0', '0x10de'), ...pciCard('0000:41:00.1', '0x10de') };
const OTHERS = { ...pciCard('0000:01:00.0', '0x10de', '0x1eb8'), ...pciCard('0000:03:00.0', '0x1002') };

test('equal cards are told apart by their addresses, in order', () => {
  const machine = fakeMachine({ files: { ...LAYER, ...TWO, ...OTHERS } });
  expect(selectorsOfEqualCards(machine, 'nvidia', 2)).toEqual(['pci-0000_41_00_1', 'pci-0000_c1_00_0']);
  expect(selectorsOfEqualCards(machine, 'amd', 1)).toEqual(['pci-0000_03_00_0']);
});

test('where it is not sure which is which, there are none', () => {
  // Two of the three on the bus: a container was given some.
  const three = { ...TWO, ...pciCard('0000:81:00.0', '0x10de') };
  expect(selectorsOfEqualCards(fakeMachine({ files: { ...LAYER, ...three } }), 'nvidia', 2)).toBeUndefined();
  const pairs = { ...TWO, ...pciCard('0000:01:00.0', '0x10de', '0x1'), ...pciCard('0000:02:00.0', '0x10de', '0x1') };
  expect(selectorsOfEqualCards(fakeMachine({ files: { ...LAYER, ...pairs } }), 'nvidia', 2)).toBeUndefined();
  expect(selectorsOfEqualCards(fakeMachine({ files: { ...LAYER, ...TWO } }), 'mesa', 2)).toBeUndefined();
});

test('without the layer that selects there are none, nor on other systems', () => {
  expect(selectorsOfEqualCards(fakeMachine({ files: TWO }), 'nvidia', 2)).toBeUndefined();
  const windows = fakeMachine({ platform: 'win32', files: { ...LAYER, ...TWO } });
  expect(selectorsOfEqualCards(windows, 'nvidia', 2)).toBeUndefined();
});
