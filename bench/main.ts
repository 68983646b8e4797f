import { mkdirSync, writeFileSync } from 'node:fs';
import { runSelfTest } from '../src/check/self-test.js';
import { table } from '../src/cli/text-report.js';
import { measureTuning } from '../src/exec/measure-tuning.js';
import { Gpu } from '../src/gpu/gpu.js';
import { openDevice } from '../src/node/device.js';
import { VERSION } from '../src/version.js';
import { benchKernels } from './kernels.js';
import { benchPasses } from './passes.js';
import type { Row } from './row.js';
import { benchViewer } from './viewer.js';

const ON_DEVICE: Readonly<Record<string, (gpu: Gpu) => Promise<Row[]>>> = {
  kernels: benchKernels,
  passes: benchPasses,
};
const NAMES = [...Object.keys(ON_DEVICE), 'viewer'];

/**
 * Prints every bench as a table and writes bench/results/<adapter or renderer>.json. Nothing is timed on a device before
 * it has passed the self-test and the kernel or pass at hand has been compared with float64.
 */
export async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`error: no bench named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    process.exitCode = 1;
    return;
  }
  const chosen = names.length > 0 ? names : NAMES;
  const onDevice = chosen.filter((name) => name in ON_DEVICE);
  if (onDevice.length > 0) await runOnDevice(onDevice);
  if (chosen.includes('viewer')) {
    const { renderer, rows } = await benchViewer();
    announce(renderer);
    report('viewer', rows);
    write(`viewer-${renderer}`, { renderer, results: { viewer: rows } });
  }
}

async function runOnDevice(names: readonly string[]): Promise<void> {
  const open = await openDevice();
  try {
    const tuning = await measureTuning(new Gpu(open.device, open.adapter));
    const gpu = new Gpu(open.device, open.adapter, undefined, tuning.tile);
    await runSelfTest(gpu, 'short');
    announce(open.adapter);
    console.log(`tile ${tuning.tile}, fill ${tuning.fill}`);
    const results: Record<string, Row[]> = {};
    for (const name of names) {
      results[name] = await ON_DEVICE[name]!(gpu);
      report(name, results[name]);
    }
    write(open.adapter, { adapter: open.adapter, tuning, results });
  } finally {
    await open.close();
  }
}

function announce(on: string): void {
  console.log(`${on}, Node ${process.version}, edgewise ${VERSION}`);
}

function report(name: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => formatted(row[column])));
  const numbers = columns.flatMap((column, i) => (typeof rows[0]![column] === 'number' ? [i] : []));
  console.log(`\n${name}\n${table([columns, ...cells], numbers).join('\n')}`);
}

function write(name: string, { results, ...on }: { readonly results: object; readonly [key: string]: unknown }): void {
  const folder = new URL('../../bench/results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${name.replace(/[^\w.]+/g, '-').replace(/-$/, '')}.json`, folder);
  writeFileSync(file, `${JSON.stringify({ ...on, node: process.version, version: VERSION, results }, null, 1)}\n`);
  console.log(`\nwritten as ${decodeURIComponent(file.pathname)}`);
}

function formatted(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
