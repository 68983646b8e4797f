/** A file of a few bytes that describes a graph of millions of edges. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { cpuSeconds } from '../support/cpu-seconds.js';
import { fixture } from '../support/fixtures.js';

const folder = useFolder();
const HUGE = fixture('hostile/huge-cfg-1000x3.json');

test.each([
  ['export', HUGE, '--format', 'dot'],
  ['import', HUGE],
  ['view', HUGE, '--no-open'],
  ['evaluate', '--model', 'tasks-4l', '--task', 'ioi', '--prompts', '1', '--circuit', HUGE],
])('%s refuses it at once', async (...args) => {
  const out = ['export', 'import'].includes(args[0]!) ? ['--out', join(folder.path, 'out')] : [];
  const seconds = await cpuSeconds(async () =>
    expectMistake(await runCli([...args, ...out], { env: NO_ADAPTER }), /huge-cfg-1000x3\.json: /),
  );
  expect(seconds).toBeLessThan(10);
});
