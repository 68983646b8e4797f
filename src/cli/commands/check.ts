import { Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { CHECK_TOLERANCE, compareWithReferences, type CheckResult } from '../../check/self-test.js';
import { Gpu } from '../../gpu/gpu.js';
import { comparedTiles, type TileName } from '../../gpu/product/tiles.js';
import { openDevice } from '../../node/device.js';
import { tuningOf } from '../../node/open.js';
import { adapterOption, jsonOption, tileOption } from '../options/options.js';
import { table } from '../report/text-report.js';

export function checkCommand(): Command {
  return new Command('check')
    .description('Check the arithmetic of this adapter against stored float64 references.')
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(jsonOption().default(false))
    .action(check);
}

interface TileResult extends CheckResult {
  readonly tile: TileName;
}

async function check(options: {
  readonly adapter?: string;
  readonly tile?: TileName;
  readonly json: boolean;
}): Promise<void> {
  const open = await openDevice(options.adapter === undefined ? {} : { adapter: options.adapter });
  try {
    const { tile } = await tuningOf(open, options.tile);
    const tested = async (name: TileName, scope: 'short' | 'full'): Promise<TileResult[]> => {
      const gpu = new Gpu(open.device, open.adapter, { tile: name, wait: open.wait });
      return (await compareWithReferences(gpu, { cases: scope, gradients: true })).map((result) => ({
        tile: name,
        ...result,
      }));
    };
    const results = await tested(tile, 'full');
    // Of the tiles that are not in use a sample: they differ in the products only.
    for (const other of comparedTiles(open.device)) if (other !== tile) results.push(...(await tested(other, 'short')));
    const passed = results.every((result) => result.passed);
    if (options.json) {
      const report = { adapter: open.adapter, tile, tolerance: CHECK_TOLERANCE, passed, results };
      process.stdout.write(`${JSON.stringify(report)}\n`);
    } else {
      const rows = results.map((result) => [
        `  ${result.passed ? 'ok' : 'WRONG'}`,
        result.name,
        `tile ${result.tile}`,
        `${result.values} values`,
        `largest error ${result.error.toExponential(1)}`,
      ]);
      const lines = [open.adapter, ...table(rows, [3]), `tolerance ${CHECK_TOLERANCE}, tile in use ${tile}`];
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    if (!passed) throw new EdgewiseError('device', open.adapter, 'computes wrongly; results from it cannot be trusted');
  } finally {
    await open.close();
  }
}
