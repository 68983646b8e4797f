import { mkdirSync, writeFileSync } from 'node:fs';
import { runSelfTest } from '../src/check/self-test.js';
import { table } from '../src/cli/text-report.js';
import { Gpu } from '../src/gpu/gpu.js';
import { openDevice } from '../src/node/device.js';
import { VERSION } from '../src/version.js';
import { benchKernels } from './kernels.js';
import { benchPasses } from './passes.js';
import type { Row } from './row.js';

const BENCHES: Readonly<Record<string, (gpu: Gpu) => Promise<Row[]>>> = { kernels: benchKernels, passes: benchPasses };

/**
 * Prints every bench as a table and writes bench/results/<adapter>.json. Nothing is timed before the adapter has passed the
 * self-test and the kernel or pass at hand has been compared with float64.
 */
export async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    console.error(`error: no bench named ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
    process.exitCode = 1;
    return;
  }
  const open = await openDevice();
  try {
    const gpu = new Gpu(open.device, open.adapter);
    await runSelfTest(gpu, 'short');
    console.log(`${open.adapter}, Node ${process.version}, edgewise ${VERSION}`);
    const results: Record<string, Row[]> = {};
    for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
      const rows = await BENCHES[name]!(gpu);
      results[name] = rows;
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const cells = rows.map((row) => columns.map((column) => formatted(row[column])));
      console.log(
        `\n${name}\n${table(
          [columns, ...cells],
          columns.flatMap((column, i) => (typeof rows[0]![column] === 'number' ? [i] : [])),
        ).join('\n')}`,
      );
    }
    const folder = new URL('../../bench/results/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const file = new URL(`${open.adapter.replace(/[^\w.]+/g, '-')}.json`, folder);
    writeFileSync(
      file,
      `${JSON.stringify({ adapter: open.adapter, node: process.version, version: VERSION, results }, null, 1)}\n`,
    );
    console.log(`\nwritten as ${decodeURIComponent(file.pathname)}`);
  } finally {
    await open.close();
  }
}

function formatted(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
