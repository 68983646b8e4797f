import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A source file and what it imports. */
export interface SourceFile {
  /** Path below the root folder, without extension. */
  readonly path: string;
  /** Paths of the same form, or names of packages. */
  readonly imports: readonly string[];
  readonly text: string;
}

/** Static imports, re-exports and dynamic imports. Before the name stand names, braces, commas and stars only. */
const IMPORT = /^\s*(?:import|export)\s+(?:[\w$*{},\s]+?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** @param path below the root folder, with extension. */
export function sourceFile(path: string, text: string): SourceFile {
  const imports = [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? '';
    return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '') : specifier;
  });
  return { path: path.replace(/(\.d)?\.tsx?$/, ''), imports, text };
}

/** Every TypeScript file below a folder. */
export function readSources(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => sourceFile(name.replaceAll('\\', '/'), readFileSync(join(root, name), 'utf8')));
}

/** The first cycle that is found, as the files on it, or undefined. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const next of byPath.get(path)?.imports ?? []) {
      const found = visit(next, [...trail, path]);
      if (found) return found;
    }
    finished.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const found = visit(path, []);
    if (found) return found;
  }
  return undefined;
}

/** Everything that a file imports, directly or through other files. */
export function reachableFrom(files: readonly SourceFile[], start: string): ReadonlySet<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    for (const next of byPath.get(path)?.imports ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      visit(next);
    }
  };
  visit(start);
  return reached;
}
