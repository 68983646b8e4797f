import { readFileSync } from 'node:fs';

/**
 * Fields of a Linux distribution's os-release file that set-up looks at.
 *
 * @param {string} text
 */
export function parseOsRelease(text) {
  const field = (/** @type {string} */ name) =>
    (new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '').trim().replace(/^(['"])(.*)\1$/, '$2');
  return {
    id: field('ID'),
    like: [field('ID'), ...field('ID_LIKE').split(/\s+/)],
    codename: field('VERSION_CODENAME'),
  };
}

/** The running Linux distribution; fields are empty where there is no os-release file. */
export function distribution() {
  try {
    return parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return parseOsRelease('');
  }
}
