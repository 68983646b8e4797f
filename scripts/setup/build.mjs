import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, say, SetupError } from './process.mjs';

/**
 * Compiles src/ to dist/ where the sources differ from those of the last build.
 *
 * @param {string} root
 */
export function ensureBuild(root) {
  const stamp = join(root, 'dist', '.built-from');
  const sources = hashOfSources(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  say('compiling (tsc)');
  // From nothing, so that a deleted source leaves no module behind.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = run(process.execPath, [tsc, '--build', root]);
  if (!result.ok) throw new SetupError(`the sources do not compile:\n${result.stdout.trim()}\n${result.stderr.trim()}`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, sources);
}

/**
 * Hash of everything that the build reads.
 *
 * @param {string} root
 */
function hashOfSources(root) {
  const hash = createHash('sha256');
  const configs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  for (const file of [...configs, 'package-lock.json', ...sources].sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
