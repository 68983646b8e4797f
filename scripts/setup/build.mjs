import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, say, SetupError } from './process.mjs';

/** Folder of dist/ that the viewer is built to. */
const VIEWER = 'viewer';
/** @type {[string, ...string[]]} */
const VITE = ['vite/bin/vite.js', 'build', '--config'];

/**
 * Compiles src/ to dist/, bundles the command line to dist/bin/ and viewer/ to dist/viewer/, each where its sources
 * differ from those of the last build.
 *
 * @param {string} root
 */
export function ensureBuild(root) {
  const configs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
  const common = [...configs, 'package-lock.json'];
  const dist = join(root, 'dist');

  ensure(root, join(dist, '.built-from'), [...common, 'src', 'scripts/setup/program.config.mjs'], () => {
    say('compiling (tsc)');
    // From nothing, so that a deleted source leaves no module behind.
    for (const name of existsSync(dist) ? readdirSync(dist) : []) {
      if (name !== VIEWER) rmSync(join(dist, name), { recursive: true, force: true });
    }
    mustBuild(root, 'typescript/bin/tsc', '--build', root);
    mustBuild(root, ...VITE, join(root, 'scripts', 'setup', 'program.config.mjs'));
  });
  // What of src/ the viewer may import.
  const shared = ['src/base', 'src/circuit', 'src/files'];
  ensure(root, join(dist, VIEWER, '.built-from'), [...common, 'viewer', ...shared], () => {
    say('building the viewer (vite)');
    // The viewer empties the folder, so that the report's page comes after it.
    for (const mode of ['production', 'report']) {
      const config = join(root, 'viewer', 'vite.config.ts');
      mustBuild(root, ...VITE, config, '--mode', mode);
    }
  });
}

/**
 * Builds where the sources are not those that the stamp names, and stamps.
 *
 * @param {string} root
 * @param {string} stamp file that holds the hash of the sources of the last build
 * @param {readonly string[]} sources files and folders below root
 * @param {() => void} build
 */
function ensure(root, stamp, sources, build) {
  const hash = hashOf(root, sources);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  build();
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, hash);
}

/**
 * @param {string} root
 * @param {string} program path below node_modules
 * @param {...string} args
 */
function mustBuild(root, program, ...args) {
  const result = run(process.execPath, [join(root, 'node_modules', ...program.split('/')), ...args]);
  if (!result.ok) throw new SetupError(`the sources do not compile:\n${result.stdout.trim()}\n${result.stderr.trim()}`);
}

/**
 * Hash of everything that a build reads.
 *
 * @param {string} root
 * @param {readonly string[]} sources
 */
function hashOf(root, sources) {
  const hash = createHash('sha256');
  const files = sources.flatMap((source) =>
    statSync(join(root, source)).isDirectory()
      ? readdirSync(join(root, source), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(tsx?|css|html)$/.test(name))
          .map((name) => join(source, name))
      : [source],
  );
  for (const file of files.sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
