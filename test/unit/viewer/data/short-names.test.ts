import fc from 'fast-check';
import { expect, test } from 'vitest';

import { shortNames } from '../../../../viewer/data/short-names.js';

const short = (...names: string[]): string[] => names.map((name) => shortNames(names).get(name)!);

test('names lose what all of them have in common', () => {
  expect(short('tasks-4l.ioi.acdc.json', 'tasks-4l.induction.acdc.json')).toEqual(['ioi', 'induction']);
  expect(short('tasks-4l.ioi.acdc.json', 'tasks-4l-llama.ioi.acdc.json')).toEqual([
    'tasks-4l.ioi.acdc.json',
    'tasks-4l-llama.ioi.acdc.json',
  ]);
  expect(short('tasks-4l.ioi.acdc.json', 'tasks-4l-llama.ioi.acdc.json', 'tasks-4l.agreement.acdc.json')).toEqual([
    'ioi',
    'llama.ioi',
    'agreement',
  ]);
  expect(short('runs/a/circuit.json', 'runs/b/circuit.json')).toEqual(['a', 'b']);
  expect(short('ioi_top30.json', 'ioi_top60.json')).toEqual(['top30', 'top60']);
  expect(short('a.json', 'b.gexf')).toEqual(['a.json', 'b.gexf']);
});

test('a name alone keeps all but its ending', () => {
  expect(short('tasks-4l.ioi.acdc.json')).toEqual(['tasks-4l.ioi.acdc']);
  expect(short('.json')).toEqual(['.json']);
  expect(short('circuit')).toEqual(['circuit']);
});

test('words are not cut: names stay apart and never become empty', () => {
  expect(short('attention.json', 'attribution.json')).toEqual(['attention', 'attribution']);
  expect(short('a.json', 'a.json (2)')).toEqual(['a.json', 'a.json (2)']);
  const name = fc.stringMatching(/^[ab._ -]{1,8}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
      const all = names.map((one) => shortNames(names).get(one)!);
      expect(new Set(all).size).toBe(names.length);
      expect(all).not.toContain('');
      all.forEach((one, i) => expect(names[i]).toContain(one));
    }),
  );
});
