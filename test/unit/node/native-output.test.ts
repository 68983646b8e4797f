import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleForNode, REPOSITORY } from '../../support/bundle.js';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-native-'));
  const entry = join(folder, 'entry.ts');
  const module = join(REPOSITORY, 'src/node/native-output.ts');
  writeFileSync(
    entry,
    `import { writeSync } from 'node:fs';
     import { withoutNativeOutput } from ${JSON.stringify(module)};
     process.exitCode = await withoutNativeOutput(async () => {
       writeSync(2, 'Warning: native\\n');
       console.error('message');
       process.stderr.write('x'.repeat(300_000) + '\\n');
       console.log('result ' + process.argv[2]);
       if (process.argv[2] === 'crash') process.kill(process.pid, 'SIGABRT');
       if (process.argv[2] === 'throw') setTimeout(() => { throw new Error('oops'); });
       if (process.argv[2] === 'busy') for (;;);
       if (process.argv[2] === 'wait') await new Promise((resolve) => setTimeout(resolve, 60_000));
       await new Promise((resolve) => setTimeout(resolve, 50));
       process.stderr.write('error: last line\\n');
       return 3;
     });`,
  );
  program = await bundleForNode(entry, folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const long = 'x'.repeat(300_000);

// Windows has no such signals.
describe.skipIf(process.platform === 'win32')('a program without native output', () => {
  test('messages pass, native output does not, the exit status is kept', () => {
    const done = spawnSync(process.execPath, [program, 'plain'], { encoding: 'utf8' });
    expect(done.stdout).toBe('result plain\n');
    expect(done.stderr).toBe(`message\n${long}\nerror: last line\n`);
    expect(done.status).toBe(3);
  });

  test('stdout and stderr in one file keep their order', () => {
    const log = join(folder, 'log');
    const fd = openSync(log, 'w');
    spawnSync(process.execPath, [program, 'plain'], { stdio: ['ignore', fd, fd] });
    expect(readFileSync(log, 'utf8')).toBe(`message\n${long}\nresult plain\nerror: last line\n`);
  });

  test('a crash shows what native code said', () => {
    const done = spawnSync(process.execPath, [program, 'crash'], { encoding: 'utf8' });
    expect(done.stderr).toContain('Warning: native\n');
    expect(done.stderr).toMatch(/error: the process was ended by SIGABRT\n$/);
    expect(done.status).toBe(134);
  });

  test('an error that nobody caught is reported', () => {
    const done = spawnSync(process.execPath, [program, 'throw'], { encoding: 'utf8' });
    expect(done.stderr).toMatch(/error: unexpected: Error: oops\n$/);
    expect(done.status).toBe(1);
  });

  test.each([
    ['SIGTERM', 'wait'],
    ['SIGKILL', 'wait'],
    ['SIGKILL', 'busy'],
  ] as const)('%s ends the child too (%s)', async (signal, way) => {
    const parent = spawn(process.execPath, [program, way], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(parent.stdout, 'data');
    parent.kill(signal);
    // The child holds the pipe open as long as it lives.
    await once(parent, 'close');
    expect(parent.exitCode ?? parent.signalCode).toBe(signal === 'SIGTERM' ? 143 : 'SIGKILL');
  });
});
