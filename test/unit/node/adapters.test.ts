/** Which adapter a name stands for, on machines with several, which are faked. */
import { describe, expect, test } from 'vitest';
import { chooseAdapter, equalTo, listAdapters, nameOf } from '../../../src/node/adapters.js';
import type { AdapterRequest, AdapterSource } from '../../../src/node/dawn.js';
import { AMD_FILES, fakeMachine, NVIDIA_FILES, pciCard } from '../../support/fake-machine.js';

const H100 = { name: 'NVIDIA H100', vendor: 'nvidia' };
const LAPTOP = { name: 'NVIDIA H100 Laptop', vendor: 'nvidia' };
const SOFTWARE = { name: 'llvmpipe (LLVM 15)', vendor: 'mesa' };
type Fake = typeof H100;

/** Behaves as Dawn's binding: the first adapter whose name contains what is asked for. Keeps what it was asked. */
function fakeDawn(adapters: readonly Fake[]): AdapterSource & { readonly asked: AdapterRequest[] } {
  const asked: AdapterRequest[] = [];
  return {
    asked,
    adapterNames: async () => adapters.map(({ name }) => name),
    requestAdapter: async (request) => {
      asked.push(request);
      const found = adapters.find((one) => one.name.includes(request.name ?? ''));
      if (!found) return null;
      const info = {
        vendor: found.vendor,
        architecture: '',
        description: found.name,
        isFallbackAdapter: found === SOFTWARE,
      };
      return { info } as GPUAdapter;
    },
  };
}

const nothing = fakeMachine({});
const chosen = async (asked: string | undefined, adapters: readonly Fake[], machine = nothing): Promise<string> =>
  nameOf(await chooseAdapter(asked, fakeDawn(adapters), machine));

describe('the adapter that is asked for', () => {
  test('by default and as gpu the first, as cpu the one in software', async () => {
    expect(await chosen(undefined, [H100, SOFTWARE])).toBe('nvidia NVIDIA H100');
    expect(await chosen(undefined, [SOFTWARE])).toBe('mesa llvmpipe (LLVM 15)');
    expect(await chosen('gpu', [H100, SOFTWARE])).toBe('nvidia NVIDIA H100');
    expect(await chosen('cpu', [H100, SOFTWARE])).toBe('mesa llvmpipe (LLVM 15)');
  });

  test('by a part of its name, in letters of any size', async () => {
    expect(await chosen('LLVM', [H100, SOFTWARE])).toBe('mesa llvmpipe (LLVM 15)');
    expect(await chosen('laptop', [H100, LAPTOP])).toBe('nvidia NVIDIA H100 Laptop');
  });

  test('what there is not is refused with what there is', async () => {
    await expect(chosen('radeon', [H100, SOFTWARE])).rejects.toThrow(
      "adapter 'radeon': not found; there is 'NVIDIA H100', 'llvmpipe (LLVM 15)'",
    );
    await expect(chosen('cpu', [H100])).rejects.toThrow(
      "adapter 'cpu': there is none in software; there is 'NVIDIA H100'",
    );
    await expect(chosen('gpu', [SOFTWARE])).rejects.toThrow(
      "adapter 'gpu': there is only mesa llvmpipe (LLVM 15), in software; this machine shows no card",
    );
  });

  test('a card that is not reached is told with the line to add', async () => {
    const docker = fakeMachine({
      files: { ...NVIDIA_FILES, '/.dockerenv': '' },
      environment: { VK_DRIVER_FILES: '/x' },
    });
    await expect(chosen('gpu', [SOFTWARE], docker)).rejects.toThrow(
      /in software; this machine has an NVIDIA card .* in a Docker container without driver variable \(.*\); .*: unset VK_DRIVER_FILES$/,
    );
    for (const asked of [undefined, 'H100', 'cpu', 'gpu']) {
      await expect(chosen(asked, [], fakeMachine({ files: AMD_FILES }))).rejects.toThrow(
        /no WebGPU adapter was found; .*; this machine has an AMD card/,
      );
    }
    await expect(chosen(undefined, [])).rejects.toThrow(/Mesa 23 or newer\)$/);
  });
});

describe('the list', () => {
  const LAYER = { '/usr/share/vulkan/implicit_layer.d/VkLayer_MESA_device_select.json': '' };
  const TWO = { ...pciCard('0000:41:00.0', '0x10de'), ...pciCard('0000:c1:00.0', '0x10de') };

  test('numbers adapters as they come, and asks for each by its name', async () => {
    const listed = await listAdapters(fakeDawn([H100, SOFTWARE]), nothing);
    expect(listed.map(({ number, request }) => [number, request])).toEqual([
      [0, { name: H100.name }],
      [1, { name: SOFTWARE.name }],
    ]);
    expect(equalTo(listed[0]!.adapter, listed)).toEqual([0]);
    expect(await listAdapters(fakeDawn([]), nothing)).toEqual([]);
  });

  test('equal cards are asked for by their place on the bus', async () => {
    const listed = await listAdapters(fakeDawn([H100, H100, SOFTWARE]), fakeMachine({ files: { ...LAYER, ...TWO } }));
    expect(listed.map(({ request }) => request)).toEqual([
      { name: H100.name },
      { name: H100.name, selector: 'pci-0000_c1_00_0' },
      { name: SOFTWARE.name },
    ]);
    expect(equalTo(listed[1]!.adapter, listed)).toEqual([0, 1]);
  });

  test('where they cannot be told apart, the second is not asked for', async () => {
    const listed = await listAdapters(fakeDawn([H100, H100]), fakeMachine({ files: TWO }));
    expect(listed.map(({ request }) => request)).toEqual([{ name: H100.name }, undefined]);
  });

  test('a name that another contains is not taken for it', async () => {
    const listed = await listAdapters(fakeDawn([LAPTOP, H100]), fakeMachine({ files: { ...LAYER, ...TWO } }));
    expect(listed.map(({ request }) => request)).toEqual([{ name: LAPTOP.name }, undefined]);
  });
});
