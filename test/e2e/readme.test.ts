/** The README's example of the library, run as it stands there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useFolder } from '../support/cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = useFolder();

/** The first example of the section on the library. */
function example(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## As a library'));
  return /```ts\n(.*?)```/s.exec(section)![1]!;
}

test('has at most seven statements', () => {
  const statements = example()
    .split('\n')
    .filter((line) => /;\s*(\/\/.*)?$/.test(line));
  expect(statements.length).toBeGreaterThan(3);
  expect(statements.length).toBeLessThanOrEqual(7);
});

test('runs, and prints a faithfulness and a circuit', () => {
  // Inside the package, so that it imports the package by its name.
  const inside = mkdtempSync(join(ROOT, 'dist/readme-'));
  try {
    const file = join(inside, 'example.mjs');
    writeFileSync(file, example());
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      cwd: folder.path,
      env: { ...process.env, EDGEWISE_CACHE: folder.path },
    });
    expect(status, stderr).toBe(0);
    const [faithfulness, xml] = stdout.split(/ (.*)/s);
    expect(Number(faithfulness)).toBeGreaterThan(0.5);
    expect(Number(faithfulness)).toBeLessThan(1.1);
    expect(xml).toContain('<gexf');
    expect(xml!.match(/<edge /g)!.length).toBeGreaterThan(5);
  } finally {
    rmSync(inside, { recursive: true, force: true });
  }
});
