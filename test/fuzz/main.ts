import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaign } from './campaign.js';
import type { Finding } from './messages.js';
import { fuzzedReaders } from './readers/index.js';

const HELP = `npm run fuzz -- [--seconds 300] [--seed N] [--reader NAME,...] [--out fuzz-findings]
Reads changed files with every reader. A reader must take a file or refuse it by one line that names it.
An input is made of reader, seed and number: the same three give the same file.`;

/** @returns the exit status: 1 where something was found. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '300' },
      seed: { type: 'string' },
      reader: { type: 'string' },
      out: { type: 'string', default: 'fuzz-findings' },
      help: { type: 'boolean', default: false },
    },
  });
  const known = fuzzedReaders(root).map(({ name }) => name);
  if (values.help) {
    console.log(`${HELP}\nReaders: ${known.join(', ')}`);
    return 0;
  }
  const readers = values.reader?.split(',') ?? known;
  const unknown = readers.find((name) => !known.includes(name));
  const seconds = Number(values.seconds);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (unknown !== undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    console.error(unknown === undefined ? HELP : `error: there is no reader ${unknown}; there are ${known.join(', ')}`);
    return 2;
  }
  console.log(`seed ${seed}, ${readers.length} readers, ${seconds} s`);
  const { tallies, findings } = await campaign({
    root,
    readers,
    seed,
    seconds,
    onFinding: (finding) => tell(finding, values.out),
  });
  for (const [name, { read, taken }] of tallies) {
    console.log(`${name.padEnd(22)}${String(read).padStart(8)} files, ${String(taken).padStart(8)} read`);
  }
  console.log(findings.length === 0 ? 'nothing found' : `${findings.length} findings, inputs in ${values.out}`);
  return findings.length === 0 ? 0 : 1;
}

function tell({ reader, seed, index, file, wrong, bytes }: Finding, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${reader}-${seed}-${index}-${basename(file)}`);
  writeFileSync(path, bytes);
  console.log(`${reader}, input ${index}: ${wrong}\n  ${path}`);
}
