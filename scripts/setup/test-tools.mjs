import { existsSync } from 'node:fs';
import { aptCandidate, aptGet, aptUpdate, rootPrefix } from './apt.mjs';
import { distribution } from './distribution.mjs';
import { onPath, run, say, SetupError } from './process.mjs';

/** Path of a Chromium or Chrome, or undefined. CHROMIUM_PATH wins. */
export function findChromium() {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return existsSync(named) ? named : undefined;
  return onPath('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome');
}

/** Path of libxml2's xmllint, or undefined. */
export function findXmllint() {
  return onPath('xmllint');
}

/**
 * Path of a Python that has networkx, or undefined. The system's own Python comes second: another may hide it on PATH.
 */
export function findPythonWithNetworkx() {
  const candidates = [onPath('python3'), '/usr/bin/python3'];
  return candidates.find((python) => python && existsSync(python) && run(python, ['-c', 'import networkx']).ok);
}

const TOOLS = [
  { name: 'Chromium', find: findChromium, aptPackage: 'chromium' },
  { name: 'xmllint', find: findXmllint, aptPackage: 'libxml2-utils' },
  { name: 'Python with networkx', find: findPythonWithNetworkx, aptPackage: 'python3-networkx' },
];

/**
 * Installs the programs that some tests use; what cannot be had is named, and its tests are skipped (test/SKIPS.md).
 */
export function ensureTestTools() {
  const canInstall = onPath('apt-get') !== undefined && rootPrefix() !== undefined;
  for (const { name, find, aptPackage } of TOOLS) {
    if (find()) continue;
    if (canInstall) install(aptPackage);
    if (!find()) say(`${name} is missing (package '${aptPackage}' on Debian): the tests that use it will be skipped`);
  }
}

/** @param {string} aptPackage */
function install(aptPackage) {
  // Ubuntu's package of that name only fetches a snap, which does not start in containers.
  if (aptPackage === 'chromium' && distribution().id === 'ubuntu') return;
  try {
    aptUpdate();
    if (aptCandidate(aptPackage) === undefined) return;
    say(`installing ${aptPackage} (for tests)`);
    aptGet('install', '--no-install-recommends', aptPackage);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
  }
}
