import { expect, test } from 'vitest';

import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { writeScoresJson } from '../../../../src/files/own/scores-json.js';
import { howToMeasure } from '../../../../viewer/data/how-to-measure.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { sampleGraph } from '../../../support/attribution-graph.js';
import { sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
import { sampleScores } from '../../../support/sample-scores.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const commandsFor = (name: string, text: string): readonly string[] =>
  howToMeasure(openCircuitDocument(sourceFile(name, text))).commands;

test('a circuit that names its model and its task is measured by one command', () => {
  const circuit = sampleCircuit();
  for (const format of ['json', 'gexf', 'graphml'] as const) {
    expect(commandsFor(`runs/a.${format}`, CIRCUIT_WRITERS[format](circuit))).toEqual([
      `edgewise inspect --model toy-2l --task toy --circuit runs/a.${format}`,
    ]);
  }
});

test('arguments are quoted where a shell would take them apart', () => {
  const provenance = sampleProvenance();
  const named = sampleCircuit({
    provenance: {
      ...provenance,
      model: { ...provenance.model, name: 'my model; rm -rf' },
      task: { ...provenance.task, name: "who's" },
    },
  });
  expect(commandsFor('-x y.json', CIRCUIT_WRITERS.json(named))).toEqual([
    `edgewise inspect --model 'my model; rm -rf' --task 'who'\\''s' --circuit './-x y.json'`,
  ]);
  expect(commandsFor('a\nb\u202e.json', CIRCUIT_WRITERS.json(named))[0]).toMatch(/ --circuit CIRCUIT$/);
});

test('of a file of another program the reader has to say the model and the task', () => {
  const text = CIRCUIT_WRITERS.json(sampleCircuit({ provenance: null }));
  const { text: words, commands } = howToMeasure(openCircuitDocument(sourceFile('mib.json', text)));
  expect(commands).toEqual(['edgewise inspect --model MODEL --task TASK --circuit mib.json']);
  expect(words).toContain('does not say its model and its task');
});

test('a circuit is chosen first where a file chooses none', () => {
  expect(commandsFor('scores.json', writeScoresJson(sampleScores()))).toEqual([
    'edgewise import scores.json --select greedy:200 --out scores.circuit.json',
    expect.stringMatching(/^edgewise inspect --model \S+ --task \S+ --circuit scores\.circuit\.json$/),
  ]);
});

test('nothing is advised for an attribution graph', () => {
  const { text, commands } = howToMeasure(openDocument(sourceFile('g.json', JSON.stringify(sampleGraph()))));
  expect(commands).toEqual([]);
  expect(text).toContain('cannot add to this file');
});
