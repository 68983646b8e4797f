import { readFileSync, writeFileSync } from 'node:fs';
import { mustRun, onPath, run, say, SetupError } from './process.mjs';

/** How to run a program as root: directly, by sudo without a password, or not at all (undefined). */
export function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return onPath('sudo') && run('sudo', ['-n', 'true']).ok ? ['sudo', '-n'] : undefined;
}

/**
 * apt-get as root, without questions, waiting for another apt that holds the lock.
 *
 * @param {...string} args
 */
export function aptGet(...args) {
  const prefix = rootPrefix();
  if (!prefix) throw new SetupError(`apt-get ${args.join(' ')} needs root`);
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300'];
  const [program, ...rest] = [...prefix, ...command, ...args];
  mustRun(/** @type {string} */ (program), rest);
}

let listsAreFresh = false;

/** apt-get update, once a run. A failure is only told: it may be another source's, and the lists may do as they are. */
export function aptUpdate() {
  if (listsAreFresh) return;
  listsAreFresh = true;
  say('updating the package lists (apt-get update)');
  try {
    aptGet('update');
  } catch (error) {
    say(`going on with the package lists as they are: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * The version that apt would install, or undefined.
 *
 * @param {string} packageName
 */
export function aptCandidate(packageName) {
  const version = /^\s*Candidate: (\S+)/m.exec(run('apt-cache', ['policy', packageName]).stdout)?.[1];
  return version === '(none)' ? undefined : version;
}

/**
 * Package indexes that apt knows, one per suite and component.
 *
 * @returns {{ origin: string, codename: string, component: string, file: string, position: number }[]}
 */
function packageIndexes() {
  const format = '$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(SOURCESENTRY)';
  const listing = run('apt-get', ['indextargets', 'Created-By: Packages', '--format', format]).stdout;
  return listing.split('\n').flatMap((line) => {
    const match = /^(.*)\|(.*)\|(.*)\|(.*):(\d+)$/.exec(line);
    if (!match) return [];
    const [, origin = '', codename = '', component = '', file = '', position = ''] = match;
    return [{ origin, codename, component, file, position: Number(position) }];
  });
}

/**
 * Makes sure that Debian's backports are among apt's sources. The new entry is a copy of the machine's own entry for
 * the release with the suite changed, so that a mirror, its signing key and its options stay what they are here.
 *
 * @param {string} codename
 */
export function ensureBackports(codename) {
  const suite = `${codename}-backports`;
  const indexes = packageIndexes().filter((index) => index.origin.startsWith('Debian') && index.component === 'main');
  if (indexes.some((index) => index.codename === suite)) return suite;
  const base = indexes.find((index) => index.codename === codename);
  if (!base) throw new SetupError(`apt has no source for Debian ${codename} main to derive ${suite} from`);
  const extension = base.file.endsWith('.sources') ? 'sources' : 'list';
  const target = `/etc/apt/sources.list.d/${suite}.${extension}`;
  say(`adding ${suite} to apt's sources (${target}, derived from ${base.file})`);
  writeAsRoot(target, deriveEntry(readFileSync(base.file, 'utf8'), extension, base.position, suite));
  listsAreFresh = false;
  aptUpdate();
  return suite;
}

/**
 * An apt source entry like the given one, for another suite: component main, binary packages only.
 *
 * @param {string} text contents of the file that holds the entry
 * @param {'sources' | 'list'} format deb822 stanzas, or one entry a line
 * @param {number} position number of the stanza (of those with fields) or of the line, from 1: apt's Sourcesentry
 * @param {string} suite
 */
export function deriveEntry(text, format, position, suite) {
  if (format === 'list') {
    const line = text.split('\n')[position - 1] ?? '';
    const match = /^\s*deb(?:-src)?\s+(\[[^\]]*\]\s+)?(\S+)\s/.exec(line);
    if (!match) throw new SetupError(`line ${position} of apt's source list is not an entry: ${line}`);
    return `deb ${match[1] ?? ''}${match[2]} ${suite} main\n`;
  }
  const stanzas = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n[ \t]*\n/)
    .filter((stanza) => stanza.trim() !== '');
  // A field is a line with the indented lines that follow it.
  const fields = (stanzas[position - 1] ?? '').match(/^\S.*(?:\n[ \t].*)*/gm);
  if (!fields) throw new SetupError(`apt's source file has no stanza ${position}`);
  const kept = fields.filter((field) => !/^(types|suites|components|enabled):/i.test(field));
  return [`Types: deb`, `Suites: ${suite}`, `Components: main`, ...kept, ''].join('\n');
}

/**
 * @param {string} file
 * @param {string} text
 */
function writeAsRoot(file, text) {
  const prefix = rootPrefix();
  if (prefix?.length === 0) return writeFileSync(file, text);
  const [program, ...args] = [...(prefix ?? []), 'sh', '-c', 'printf %s "$1" > "$2"', 'sh', text, file];
  mustRun(/** @type {string} */ (program), args);
}
