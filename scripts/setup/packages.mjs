import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, say } from './process.mjs';

/**
 * Installs the locked packages where they are missing or of other versions.
 *
 * @param {string} root
 */
export function ensurePackages(root) {
  const difference = installedDifference(root);
  if (difference === undefined) return;
  say(`installing the locked packages (npm ci): ${difference}`);
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--prefix', root];
  // The npm that runs this script, if one does: on PATH there may be none or, on Windows, one that only a shell can
  // start.
  const npm = process.env['npm_execpath'];
  if (npm?.endsWith('npm-cli.js')) mustRun(process.execPath, [npm, ...args]);
  else mustRun('npm', args);
}

/**
 * What differs between the lock file and npm's own record of node_modules, or undefined. Versions are compared, not
 * times: those say nothing after a clone or a change of branch.
 *
 * @param {string} root
 */
export function installedDifference(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'there is no node_modules';
  const locked = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(record);
  for (const [path, { version, optional }] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    // Optional packages are those of other platforms.
    if (!found && optional) continue;
    if (found?.version !== version) return `${path} ${version} is locked, ${found?.version ?? 'nothing'} is installed`;
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}
