/** Printed commands, read back by the shell they are copied into. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellPath, shellWord } from '../../../src/cli/report/shell-word.js';

test('a plain path stays as it is', () => {
  for (const path of ['runs/tasks-4l.ioi.acdc', 'a_b@1%+=:,.json', 'prompts-任务一/é', '/tmp/x']) {
    expect(shellPath(path, 'linux')).toBe(path);
  }
});

test('whatever a shell would read otherwise is quoted', () => {
  expect(shellPath('my runs/x', 'linux')).toBe("'my runs/x'");
  expect(shellPath("it's", 'linux')).toBe(String.raw`'it'\''s'`);
  expect(shellPath('$HOME', 'linux')).toBe("'$HOME'");
  expect(shellPath('~', 'linux')).toBe("'~'");
  expect(shellPath('=cmd', 'linux')).toBe("'=cmd'");
  expect(shellPath('-rf', 'linux')).toBe('./-rf');
  expect(shellPath('- x', 'linux')).toBe("'./- x'");
  expect(shellWord('', 'linux')).toBe("''");
  expect(shellPath('a\nb\u202e', 'linux')).toBe(String.raw`$'a\U0000000ab\U0000202e'`);
  expect(shellPath('C:\\my runs', 'win32')).toBe('"C:\\my runs"');
});

// Windows has no such shell.
test.skipIf(process.platform === 'win32')('bash reads every word as the text that it stands for', () => {
  const character = fc.oneof(
    fc.constantFrom(...Array.from(' \'"$`\\!*?[]{}()<>|&;#~=-\n\t\u001b\u202e')),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  const words = fc.array(
    fc.array(character, { maxLength: 12 }).map((all) => all.join('').replaceAll('\0', '')),
    {
      minLength: 20,
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(words, (texts) => {
      const command = `printf '%s\\0' ${texts.map((text) => shellWord(text, 'linux')).join(' ')}`;
      expect(command).not.toMatch(/[\n\u001b\u202e]/);
      const read = execFileSync('bash', ['-c', command], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      });
      expect(read.split('\0').slice(0, -1)).toEqual(texts);
    }),
    { numRuns: 60 },
  );
});
