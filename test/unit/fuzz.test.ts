/**
 * A part of `npm run fuzz`, three times as long with EDGEWISE_ALL_RUNS=1: the same files every time. A finding here is
 * made again by that command.
 */
import { expect, test } from 'vitest';
import { campaign } from '../fuzz/campaign.js';
import { fuzzedReaders } from '../fuzz/readers/index.js';
import { REPOSITORY } from '../support/bundle.js';

const INPUTS = process.env['EDGEWISE_ALL_RUNS'] === '1' ? 120 : 40;
const readers = fuzzedReaders(REPOSITORY).map(({ name }) => name);

test('every reader takes a changed file, or refuses it in a line', { timeout: 300_000 }, async () => {
  const { tallies, findings } = await campaign({ root: REPOSITORY, readers, seed: 1, seconds: 240, inputs: INPUTS });
  expect(findings.map(({ reader, index, wrong }) => `${reader}, input ${index}: ${wrong}`)).toEqual([]);
  // A reader that refuses everything is not tried. Where the time is up, each was read a few times at least.
  for (const [name, { read, taken }] of tallies) expect([name, read >= 20, taken > 0]).toEqual([name, true, true]);
});
