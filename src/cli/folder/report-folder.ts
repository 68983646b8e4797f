import { join } from 'node:path';
import { writeReport, type CircuitReport } from '../../files/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { makeFolder } from '../../node/make-folder.js';
import { assertOutput } from '../../node/output.js';
import { reportPage } from '../../node/view/viewer-page.js';
import { assertFolder } from '../../node/writable-folder.js';
import { withClaims } from './claimed-folders.js';

/** For programs, and for a reader: the page holds the same. */
const FILES = ['report.json', 'report.html'] as const;

/** @throws EdgewiseError of kind usage, before any work, where a report cannot be written into the folder. */
export async function assertReportFolder(folder: string): Promise<void> {
  await assertFolder(folder);
  for (const name of FILES) await assertOutput(join(folder, name));
}

/**
 * Writes a report, each file whole or not at all. Whatever else lies in the folder stays: it may be the circuit's own.
 *
 * @returns the paths that were written.
 * @throws EdgewiseError of kind usage that names what cannot be written.
 */
export async function writeReportFolder(
  folder: string,
  report: Omit<CircuitReport, 'schema_version'>,
): Promise<readonly string[]> {
  const text = writeReport(report);
  const [json, page] = FILES;
  const files = [
    [join(folder, json), text],
    [join(folder, page), await reportPage(text)],
  ] as const;
  return withClaims([folder], async () => {
    await makeFolder(folder);
    for (const [path, content] of files) await writeFileAtomically(path, content);
    return files.map(([path]) => path);
  });
}
