import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adapterHint } from '../../../scripts/setup/adapter.mjs';
import { deriveEntry } from '../../../scripts/setup/apt.mjs';
import { parseOsRelease } from '../../../scripts/setup/distribution.mjs';
import { installedDifference } from '../../../scripts/setup/packages.mjs';

describe('the apt source for backports is derived from the existing one', () => {
  test('deb822: mirror, key and options stay, suite and components change', () => {
    const text = `# Made by the installer

# the main archive
Types: deb deb-src
URIs: http://mirror.example/debian
# a comment between fields
Suites: bookworm bookworm-updates
Components: main contrib
Architectures: amd64

Types: deb
uris: https://second.example/debian
Suites: bookworm
Enabled: yes
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
`;
    expect(deriveEntry(text, 'sources', 1, 'bookworm-backports')).toBe(
      'Types: deb\nSuites: bookworm-backports\nComponents: main\nURIs: http://mirror.example/debian\nArchitectures: amd64\n',
    );
    expect(deriveEntry(text, 'sources', 2, 'x')).toBe(
      'Types: deb\nSuites: x\nComponents: main\nuris: https://second.example/debian\n' +
        'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n',
    );
    expect(() => deriveEntry(text, 'sources', 3, 'x')).toThrow(/no stanza 3/);
  });

  test('one line: options in brackets stay', () => {
    const text = `# comment\n\ndeb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # note\ndeb\thttp://b.example/debian\tbookworm main\n`;
    expect(deriveEntry(text, 'list', 3, 'bookworm-backports')).toBe(
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm-backports main\n',
    );
    expect(deriveEntry(text, 'list', 4, 'x')).toBe('deb http://b.example/debian x main\n');
    expect(() => deriveEntry(text, 'list', 1, 'x')).toThrow(/not an entry/);
  });
});

test('distributions are read from os-release, and each gets its own install command', () => {
  const ubuntu = parseOsRelease('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n');
  expect(ubuntu).toEqual({ id: 'ubuntu', like: ['ubuntu', 'debian'], codename: 'noble' });
  expect(adapterHint(ubuntu, 'linux')).toMatch(/apt-get install mesa-vulkan-drivers libvulkan1$/);
  const bookworm = parseOsRelease('ID=debian\nVERSION_CODENAME=bookworm');
  expect(adapterHint(bookworm, 'linux')).toMatch(/-t bookworm-backports/);
  const rocky = parseOsRelease('ID="rocky"\nID_LIKE="rhel centos fedora"\n');
  expect(adapterHint(rocky, 'linux')).toMatch(/dnf install mesa-vulkan-drivers/);
  expect(adapterHint(parseOsRelease(''), 'linux')).toMatch(/libvulkan\.so\.1/);
  expect(adapterHint(parseOsRelease(''), 'darwin')).toMatch(/Metal/);
  expect(adapterHint(parseOsRelease(''), 'win32')).toMatch(/Direct3D/);
});

describe('packages are installed only when they differ from the lock file', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'edgewise-setup-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const locked = {
    '': { name: 'edgewise' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b-win32': { version: '2.0.0', optional: true },
  };
  const write = (name: string, packages: object): void => writeFileSync(join(root, name), JSON.stringify({ packages }));

  test.each([
    ['nothing', undefined, /no node_modules/],
    ['the same', { 'node_modules/a': { version: '1.0.0' } }, undefined],
    ['another version', { 'node_modules/a': { version: '0.9.0' } }, /1\.0\.0 is locked, 0\.9\.0 is installed/],
    ['a hole', {}, /nothing is installed/],
    [
      'an optional package of another version',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b-win32': { version: '1.0.0' } },
      /b-win32/,
    ],
  ])('installed: %s', (_, installed, expected) => {
    write('package-lock.json', locked);
    mkdirSync(join(root, 'node_modules'));
    if (installed) write('node_modules/.package-lock.json', installed);
    if (expected) expect(installedDifference(root)).toMatch(expected);
    else expect(installedDifference(root)).toBeUndefined();
  });
});
