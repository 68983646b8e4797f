/** What the package exports: nothing that the project neither uses nor documents, and nothing twice. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRIES = ['src/index.ts', 'src/internals.ts', 'src/node/index.ts'];
/** Where a use counts. Tests do not: what only tests use is dead. */
const USERS = ['src', 'viewer', 'bench', 'scripts'];

interface Exported {
  readonly entry: string;
  readonly name: string;
  /** The file that defines it, or passes it on. */
  readonly from: string;
}

function exportsOf(entry: string, text: string): Exported[] {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(([, names, specifier]) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ entry, name, from: posix.join(posix.dirname(entry), specifier!).replace(/\.js$/, '.ts') })),
  );
}

/** Whether a text names it: as a word of code or prose, not as a part of another word. */
function names(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(text);
}

const sources = new Map(
  USERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|tsx|mjs)$/.test(path))
      .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
      .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const),
  ),
);
const documents = ['README.md', 'CONTRIBUTING.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));
/** The file that defines an exported name, behind files that only pass it on. */
function defined(one: Exported): Exported {
  const next = exportsOf(one.from, sources.get(one.from) ?? '').find(({ name }) => name === one.name);
  return next ? defined({ ...next, entry: one.entry }) : one;
}
const all = ENTRIES.flatMap((entry) => exportsOf(entry, sources.get(entry)!)).map(defined);
const PASSED_ON = [...ENTRIES, 'src/files/index.ts'];

function isUsed({ name, from }: Exported): boolean {
  const users = [...sources].filter(([path]) => path !== from && !PASSED_ON.includes(path));
  return [...documents, ...users.map(([, text]) => text)].some((text) => names(text, name));
}

test('the entries of package.json are these', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  const built = Object.values(exports).map((entry) => entry.default);
  expect(built.toSorted()).toEqual(ENTRIES.map((path) => path.replace(/^src(.*)\.ts$/, './dist$1.js')).toSorted());
});

test('every export of an entry is of a file that is there, and is read by this test', () => {
  for (const entry of ENTRIES) {
    const text = sources.get(entry)!;
    expect(text.match(/^export /gm)).toHaveLength([...text.matchAll(/^export (?:type )?\{[^}]*\} from/gm)].length);
  }
  expect(all.length).toBeGreaterThan(60);
  for (const { from } of all) expect(existsSync(join(ROOT, from)), from).toBe(true);
});

test('every exported name is used in the project or documented', () => {
  expect(all.filter((one) => !isUsed(one)).map(({ entry, name }) => `${name} of ${entry}`)).toEqual([]);
});

test('no name is exported twice', () => {
  const seen = all.map(({ name }) => name);
  expect(seen.filter((name, i) => seen.indexOf(name) !== i)).toEqual([]);
});

describe('the test finds what it looks for', () => {
  test('names that stand alone, comments included, and none inside of others', () => {
    expect(names('const select = 1', 'select')).toBe(true);
    expect(names('selectNeurons(selection)', 'select')).toBe(false);
  });

  test('a name that only its own file has', () => {
    const dead = { entry: 'src/index.ts', name: 'nobodyNamesThis', from: 'src/run/options.ts' };
    expect(isUsed(dead)).toBe(false);
    expect(
      exportsOf('src/index.ts', "export { a, type B } from './x/y.js';\nexport type { C } from './z.js';"),
    ).toEqual([
      { entry: 'src/index.ts', name: 'a', from: 'src/x/y.ts' },
      { entry: 'src/index.ts', name: 'B', from: 'src/x/y.ts' },
      { entry: 'src/index.ts', name: 'C', from: 'src/z.ts' },
    ]);
  });
});
