import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { runSelfTest } from '../src/check/self-test.js';
import { table } from '../src/cli/report/text-report.js';
import type { Wait } from '../src/gpu/gpu.js';
import { openDevice } from '../src/node/device.js';
import { deviceTuning } from '../src/node/tuning-store.js';
import { VERSION } from '../src/version.js';
import { parseArgs } from 'node:util';
import { benchAcdc, type AcdcBenchOptions } from './acdc.js';
import { benchAttribution } from './attribution.js';
import { benchInCircuit } from './in-circuit.js';
import { benchKernels } from './kernels.js';
import { benchPasses } from './passes.js';
import { benchProfile } from './profile/profile.js';
import { plantedSearch } from './planted-search.js';
import type { Row } from './row.js';
import { adapterOfSizes, benchSizes } from './sizes/sizes.js';
import { benchTruth } from './truth/truth.js';
import { benchViewer } from './viewer.js';
import { WatchedGpu } from './watched-gpu.js';

type Bench = (
  gpu: WatchedGpu,
  options: AcdcBenchOptions & { readonly wait: Wait },
  onRows: (...rows: readonly Row[]) => void,
) => Promise<Row[]>;

const ON_DEVICE: Readonly<Record<string, Bench>> = {
  kernels: benchKernels,
  passes: benchPasses,
  attribution: benchAttribution,
  acdc: benchAcdc,
  profile: benchProfile,
  truth: benchTruth,
  'in-circuit': benchInCircuit,
};
/** Searches and gradients take minutes to hours on a software adapter: they run where they are asked for. */
const UNASKED = ['kernels', 'passes', 'viewer'];
const NAMES = [...Object.keys(ON_DEVICE), 'viewer', 'sizes'];

/**
 * Prints every bench as a table and writes bench/results/<adapter or renderer>.json. Nothing is timed on a device
 * before it has passed the self-test and the kernel or pass at hand has been compared with float64. `acdc` and
 * `profile` take --quick, for the small models only. They and `sizes` take --only with a part of a row's name.
 * `planted` is a tool beside the benches, see planted-search.ts.
 */
export async function main(args: readonly string[]): Promise<void> {
  if (args[0] === 'planted') return plantedSearch(args.slice(1));
  const { values: options, positionals: names } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`error: no bench named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    process.exitCode = 1;
    return;
  }
  const chosen = names.length > 0 ? names : UNASKED;
  const onDevice = chosen.filter((name) => name in ON_DEVICE);
  if (onDevice.length > 0) await runOnDevice(onDevice, options);
  if (chosen.includes('sizes')) await runSizes(options.only);
  if (chosen.includes('viewer')) {
    const { renderer, rows } = await benchViewer();
    announce(renderer);
    report('viewer', rows);
    tellWritten(write(`viewer-${renderer}`, { renderer, results: { viewer: rows } }));
  }
}

async function runSizes(only: string): Promise<void> {
  const adapter = await adapterOfSizes();
  announce(adapter);
  const rows: Row[] = [];
  let file: string | undefined;
  await benchSizes(only, (row) => {
    rows.push(row);
    file = write(`sizes-${adapter}`, { adapter, results: { sizes: [row] } }, 'add');
  });
  report('sizes', rows);
  if (file !== undefined) tellWritten(file);
}

async function runOnDevice(names: readonly string[], options: Pick<AcdcBenchOptions, 'quick' | 'only'>): Promise<void> {
  const open = await openDevice({ timestamps: names.includes('profile') });
  try {
    const tuning = await deviceTuning(open);
    const gpu = new WatchedGpu(open.device, open.adapter, { ...tuning, wait: open.wait });
    await runSelfTest(gpu);
    announce(open.adapter);
    const transposed = `transposed ${gpu.transposedTile}, row kernels in workgroups of ${gpu.rowWorkgroup}`;
    console.log(`tile ${tuning.tile}, ${transposed}, fill ${tuning.fill}`);
    const results: Record<string, Row[]> = {};
    for (const name of names) {
      const asked = !UNASKED.includes(name);
      // Written one by one, since all of them may take hours.
      let file: string | undefined;
      const add = (...rows: readonly Row[]): void => {
        file = write(`${name}-${open.adapter}`, { adapter: open.adapter, tuning, results: { [name]: rows } }, 'add');
      };
      const settings = { ...options, fill: tuning.fill, wait: open.wait };
      const rows = await ON_DEVICE[name]!(gpu, settings, asked ? add : () => {});
      report(name, rows);
      if (!asked) results[name] = rows;
      if (file !== undefined) tellWritten(file);
    }
    if (Object.keys(results).length > 0) {
      tellWritten(write(open.adapter, { adapter: open.adapter, tuning, results }));
    }
  } finally {
    await open.close();
  }
}

function announce(on: string): void {
  console.log(`${on}, Node ${process.version}, edgewise ${VERSION}`);
}

/** More figures than fit a line go down the page, one column per row. */
const MOST_COLUMNS = 10;

function report(name: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== 'work');
  const cells = [columns, ...rows.map((row) => columns.map((column) => formatted(row[column])))];
  const isWide = columns.length > MOST_COLUMNS;
  const lines = isWide ? columns.map((_, i) => cells.map((line) => line[i]!)) : cells;
  const numbers = isWide
    ? rows.map((_, i) => i + 1)
    : columns.flatMap((column, i) => (typeof rows[0]![column] === 'number' ? [i] : []));
  console.log(`\n${name}\n${table(lines, numbers).join('\n')}`);
}

interface Report {
  readonly results: Readonly<Record<string, readonly Row[]>>;
  readonly [key: string]: unknown;
}

/**
 * Writes results as JSON.
 *
 * @param mode `add` leaves rows of an earlier run where this one has none of their name, nor of their work.
 * @returns the file's path.
 */
function write(name: string, { results, ...on }: Report, mode: 'replace' | 'add' = 'replace'): string {
  const folder = new URL('../../bench/results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${name.replace(/[^\w.]+/g, '-').replace(/-$/, '')}.json`, folder);
  const earlier = mode === 'add' && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report).results : {};
  const merged = Object.fromEntries(
    Object.entries(results).map(([bench, rows]) => {
      const replaced = new Set(rows.flatMap(({ name, work = name }) => [name, work]));
      const left = (earlier[bench] ?? []).filter(({ name, work = name }) => !replaced.has(name) && !replaced.has(work));
      return [bench, [...left, ...rows]];
    }),
  );
  const text = JSON.stringify({ ...on, node: process.version, version: VERSION, results: merged }, null, 1);
  writeFileSync(file, `${text}\n`);
  return decodeURIComponent(file.pathname);
}

function tellWritten(file: string): void {
  console.log(`\nwritten as ${file}`);
}

function formatted(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
