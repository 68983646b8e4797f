/** Kernels of gated MLPs and of softcaps. */
import { rowBlocks } from '../../../src/gpu/workgroups.js';
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS } from '../../../src/block/activation.js';
import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { activationGate, activationSlope } from '../../oracle/gradient-ops.js';
import { activate } from '../../oracle/ops.js';
import { expectClose, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { randomNumbers } from '../../support/random.js';

const KINDS = ['gelu', 'gelu-tanh', 'relu', 'silu'] as const;
/** More than a workgroup of vec4s, and the ends of the range. */
const GATE = Float32Array.from({ length: 404 }, (_, i) => (i - 200) / 25 + 0.003);
GATE.set([-100, 100, -1e-6, 1e-6, -50, 50]);

export function gatedRowsTests(device: TestDevice): void {
  const rng = randomNumbers(61);

  test.each(KINDS)('%s', async (kind) => {
    const up = rng.normals(GATE.length);
    const got = new Float32Array(
      await runKernel(device.gpu, 'gated_rows', {
        buffers: { gate: GATE, up, y: untouched(GATE.length + 4) },
        params: { count4: GATE.length / 4 },
        overrides: { ACTIVATION: ACTIVATIONS[kind] },
        grid: { rows: groupsOf64(GATE.length / 4) },
        read: 'y',
      }),
    );
    expectSame('beyond the last', got.subarray(GATE.length), untouched(4));
    const expected = Array.from(GATE, (g, i) => activate(kind, g) * up[i]!);
    expectClose(kind, got.subarray(0, GATE.length), expected, 5e-6);
  });
}

export function gatedBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(62);

  describe.each(KINDS)('%s', (kind) => {
    test.each([
      ['derivative', 0, 1, activationSlope],
      ['identity and half rule', 1, 0.5, activationGate],
    ] as const)('%s', async (_, rule, factor, slope) => {
      const [up, gradient] = [rng.normals(GATE.length), rng.normals(GATE.length)];
      const run = (read: 'gradient' | 'gate_gradient') =>
        runKernel(device.gpu, 'gated_backward', {
          buffers: { gate_rows: GATE, up, gradient, gate_gradient: untouched(GATE.length) },
          params: { count4: GATE.length / 4, factor },
          overrides: { ACTIVATION: ACTIVATIONS[kind], IDENTITY_RULE: rule },
          grid: { rows: groupsOf64(GATE.length / 4) },
          read,
        });
      const expectedUp = Array.from(GATE, (g, i) => factor * gradient[i]! * activate(kind, g));
      const expectedGate = Array.from(GATE, (g, i) => factor * gradient[i]! * up[i]! * slope(kind, g));
      expectClose('at up', new Float32Array(await run('gradient')), expectedUp, 5e-6);
      expectClose('at the gate', new Float32Array(await run('gate_gradient')), expectedGate, 5e-6);
    });
  });
}

export function softcapRowsTests(device: TestDevice): void {
  const rng = randomNumbers(63);

  test.each([
    [0.5, 71],
    [3, 71],
    [30, 4099],
  ])('a cap of %f, %i columns', async (cap, columns) => {
    const [rows, stride] = [5, 4 * Math.ceil(columns / 4) + 4];
    const x = rng.normals(rows * stride, 20);
    x.set([0, 1e-30, -1e30, 3e38, -3e38]);
    const got = await runKernel(device.gpu, 'softcap_rows', {
      buffers: { x },
      params: { rows, columns, stride, cap },
      overrides: {},
      grid: [rows + 1, 1, rowBlocks(columns)],
      read: 'x',
    });
    const expected = x.map((value, i) => (i % stride < columns ? cap * Math.tanh(value / cap) : value));
    expectClose('capped', new Float32Array(got), expected, 5e-7 * Math.max(1, cap));
  });

  test('what is not a number stays so', async () => {
    const got = await runKernel(device.gpu, 'softcap_rows', {
      buffers: { x: Float32Array.of(1, Number.NaN, 2, 3) },
      params: { rows: 1, columns: 4, stride: 4, cap: 2 },
      overrides: {},
      grid: { rows: 1 },
      read: 'x',
    });
    expect([...new Float32Array(got)].map(Number.isNaN)).toEqual([false, true, false, false]);
  });
}

export function softcapBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(64);

  test.each([
    [0.5, 33],
    [30, 2050],
  ])('a cap of %f, %i columns', async (cap, columns) => {
    const [rows, stride] = [4, 4 * Math.ceil(columns / 4)];
    const y = Float32Array.from(rng.normals(rows * stride, 20), (value) => cap * Math.tanh(value / cap));
    y.set([0, cap, -cap]);
    const gradient = rng.normals(rows * stride);
    const got = await runKernel(device.gpu, 'softcap_backward', {
      buffers: { y, gradient },
      params: { rows, columns, stride, cap },
      overrides: {},
      grid: [rows + 1, 1, rowBlocks(columns)],
      read: 'gradient',
    });
    const expected = gradient.map((g, i) => (i % stride < columns ? g * (1 - (y[i]! / cap) ** 2) : g));
    expectClose('gradient', new Float32Array(got), expected, 2e-6);
  });
}
