import { Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { CHECK_TOLERANCE, runSelfTest } from '../../check/self-test.js';
import { Gpu } from '../../gpu/gpu.js';
import { openDevice } from '../../node/device.js';
import { adapterOption, jsonOption } from '../options.js';
import { table } from '../text-report.js';

export function checkCommand(): Command {
  return new Command('check')
    .description('Check the arithmetic of this adapter against stored float64 references.')
    .addOption(adapterOption())
    .addOption(jsonOption().default(false))
    .action(check);
}

async function check(options: { readonly adapter?: string; readonly json: boolean }): Promise<void> {
  const open = await openDevice(options.adapter === undefined ? {} : { adapterName: options.adapter });
  try {
    const results = await runSelfTest(new Gpu(open.device, open.adapter, open.wait), 'full');
    const passed = results.every((result) => result.passed);
    if (options.json) {
      process.stdout.write(
        `${JSON.stringify({ adapter: open.adapter, tolerance: CHECK_TOLERANCE, passed, results })}\n`,
      );
    } else {
      const rows = results.map(({ name, error, values, passed: good }) => [
        `  ${good ? 'ok' : 'WRONG'}`,
        name,
        `${values} values`,
        `largest error ${error.toExponential(1)}`,
      ]);
      process.stdout.write(`${[open.adapter, ...table(rows, [2]), `tolerance ${CHECK_TOLERANCE}`].join('\n')}\n`);
    }
    if (!passed) throw new EdgewiseError('device', open.adapter, 'computes wrongly; results from it cannot be trusted');
  } finally {
    await open.close();
  }
}
