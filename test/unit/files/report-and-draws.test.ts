/** report.json and files of draws: what is written is read, and what is wrong is named. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_LEVELS } from '../../../src/circuit/draws.js';
import { parseDraws, parseReport, REPORT_VERSION, writeDraws, writeReport } from '../../../src/files/index.js';
import { SAMPLE_TOPOLOGY as topology } from '../../support/sample-circuit.js';
import { sampleReport } from '../../support/sample-report.js';

const DRAWS = {
  permutations: [
    [1, 0, 2],
    [2, 1, 0],
  ],
  inflations: [{ added: [1, 4], removed: 4 }],
  randomCircuits: [[0, 2], [3]],
};

describe('draws', () => {
  test('come back as they were written', () => {
    const text = writeDraws(DRAWS, { ...DEFAULT_LEVELS, epsilon: 0.2 }, topology);
    expect(parseDraws(text, 'd.json', topology, 3)).toEqual({ ...DRAWS, levels: { ...DEFAULT_LEVELS, epsilon: 0.2 } });
  });

  test('may be some of them; levels have defaults', () => {
    expect(parseDraws('{"permutations": [[0]]}', 'd.json', topology, 1)).toEqual({
      permutations: [[0]],
      levels: DEFAULT_LEVELS,
    });
  });

  const name = topology.edgeName(0);
  test.each([
    ['{"permutation": []}', 'keys among permutations'],
    ['{"permutations": []}', 'permutations: got'],
    ['{"permutations": [[0, 1]]}', 'permutations[0]: got [0, 1], expected every prompt from 0 to 2 once'],
    ['{"permutations": [[0, 1, 1]]}', 'expected every prompt from 0 to 2 once'],
    ['{"permutations": [[0, 1, 2.5]]}', 'expected every prompt from 0 to 2 once'],
    ['{"random_circuits": [["a9.h9->logits"]]}', 'random_circuits[0][0]: got "a9.h9->logits"'],
    ['{"random_circuits": [["a0.h0<q>->a0.h0"]]}', 'random_circuits[0][0]'],
    [`{"random_circuits": [["${name}", "${name}"]]}`, 'expected each edge once'],
    [`{"inflations": [{"added": ["${name}"], "removed": "m0->logits"}]}`, 'expected one of the added edges'],
    ['{"inflations": [{"removed": "m0->logits"}]}', 'inflations[0].added'],
    ['{"epsilon": 0.5}', 'epsilon: got 0.5'],
    ['{"quantile": 1}', 'quantile: got 1'],
    ['{"floor": -1}', 'floor: got -1'],
    ['[]', 'the file: got'],
  ])('%s is refused', (text, message) => {
    expect(() => parseDraws(text, 'd.json', topology, 3)).toThrow(message);
  });
});

describe('report.json', () => {
  test('comes back as it was written', () => {
    expect(parseReport(writeReport(sampleReport()), 'r.json')).toEqual({
      schema_version: REPORT_VERSION,
      ...sampleReport(),
    });
  });

  test.each([
    ['{}', 'schema_version: is missing'],
    ['{"schema_version": 2}', 'schema_version: got 2, expected 1'],
    [writeReport(sampleReport()).replace('"verdict":"good"', '"verdict":"fine"'), 'measures.0.verdict'],
    [writeReport(sampleReport()).replace('"edges":3', '"edges":-3'), 'edges'],
  ])('a mistake is named', (text, message) => {
    expect(() => parseReport(text, 'r.json')).toThrow(message);
  });
});
