import { describe, expect, test } from 'vitest';
import type { CircuitDetails } from '../../../../src/circuit/details.js';
import { parseDetails, writeDetails } from '../../../../src/files/index.js';
import { SAMPLE_KEPT } from '../../../support/sample-circuit.js';
import { changedDetails as changed } from '../../../support/changed-details.js';
import { sampleDetails, unmeasuredDetails, unmeasuredNode } from '../../../support/sample-details.js';

describe('details.json', () => {
  test('what is read is what was written, up to rounding', () => {
    const details = sampleDetails();
    const read = parseDetails(writeDetails(details), 'details.json');
    expect(writeDetails(read)).toBe(writeDetails(details));
    const [written, back] = [details.nodes['a1.h0']!, read.nodes['a1.h0']!];
    written.attention!.forEach((pattern, n) => {
      expect(back.attention![n]).toHaveLength(pattern.length);
      pattern.forEach((share, i) => expect(Math.abs(back.attention![n]![i]! - share)).toBeLessThanOrEqual(5.01e-5));
    });
    const plain = (of: CircuitDetails): object => ({
      ...of,
      nodes: Object.entries(of.nodes).map(([name, node]) => [name, { ...node, attention: null }]),
      reads: Object.entries(of.reads).map(([name, rows]) => [name, rows.map((row) => row.map(({ query }) => query))]),
      prompts: of.prompts.map((prompt) => ({ ...prompt, logitDifference: prompt.logitDifference?.toFixed(6) })),
    });
    expect(plain(read)).toEqual(plain(details));
  });

  test('takes a line for every prompt, node and edge, in the order given', () => {
    const lines = writeDetails(sampleDetails()).split('\n');
    expect(lines.filter((line) => line.startsWith('{"clean"'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('"a1.h0": ') || line.startsWith('"m1": '))).toHaveLength(2);
    const edges = lines.filter((line) => /^"[^"]*->/.test(line)).map((line) => /^"([^"]*)"/.exec(line)![1]);
    expect(edges).toEqual([
      ...Object.keys(SAMPLE_KEPT),
      ...Object.keys(SAMPLE_KEPT),
      'a0.h1->a1.h0<q>',
      'a0.h1->a1.h0<v>',
    ]);
    expect(lines.filter((line) => line.startsWith('"attention_1e4"'))).toEqual([]);
    expect(lines.find((line) => line.startsWith('"a1.h0"'))).toContain(
      '"attention_1e4":[[10000,2500,7500,0,2000,8000],[10000]]',
    );
  });

  test('of an empty circuit without answers', () => {
    const { prompts } = sampleDetails();
    const details = unmeasuredDetails({
      of: { model: 'm', task: 't', keptEdges: 0 },
      prompts: prompts.map((prompt) => ({ ...prompt, correct: [], wrong: [], logitDifference: null })),
      nodes: { input: unmeasuredNode() },
      rest: null,
      edges: {},
      inCircuit: {},
    });
    expect(parseDetails(writeDetails(details), 'details.json')).toEqual(details);
  });

  test('effects that are not finite survive', () => {
    const details = sampleDetails({ edges: { 'm1->logits': [Number.NaN, 1] } });
    expect(parseDetails(writeDetails(details), 'details.json').edges['m1->logits']).toEqual([Number.NaN, 1]);
  });

  test.each([2, 3])('version %i, which knew less, is read', (version) => {
    const text = changed((file) => {
      file.schema_version = version;
      for (const prompt of file.prompts!) {
        delete prompt.top;
        delete prompt.probability;
      }
      for (const node of Object.values(file.nodes)) {
        delete node.attention_corrupted_1e4;
        delete node.at;
        delete node.looks;
        delete node.verdicts;
        delete node.writes;
        delete node.answer_rank;
        delete node.in_circuit;
        if (version === 3) continue;
        delete node.detectors;
        delete node.ov;
      }
      delete file.reads;
      delete file.written_through;
      delete file.curve;
    });
    const details = sampleDetails();
    const { attention, direct, promotes, suppresses, detectors, ov } = details.nodes['a1.h0']!;
    const read = parseDetails(text, 'details.json');
    expect(read.edges).toEqual(details.edges);
    expect(read).toMatchObject({ reads: {}, writtenThrough: {}, curve: null });
    expect(read.prompts[0]).toMatchObject({ top: [], probability: null });
    expect(read.nodes['a1.h0']).toEqual(
      unmeasuredNode({
        attention: attention!.map(() => expect.any(Float32Array) as Float32Array),
        direct,
        promotes,
        suppresses,
        ...(version === 3 && { detectors, ov }),
      }),
    );
  });

  test('of which only the first prompt has rows and corrupted attention is read and written the same', () => {
    const text = changed((file) => {
      file.nodes['a1.h0'].attention_corrupted_1e4!.pop();
      file.reads!['a0.h1->a1.h0<q>']!.pop();
    });
    const read = parseDetails(text, 'details.json');
    expect(read.nodes['a1.h0']!.corruptedAttention).toHaveLength(1);
    expect(read.reads['a0.h1->a1.h0<q>']).toHaveLength(1);
    expect(parseDetails(writeDetails(read), 'details.json')).toEqual(read);
  });

  test('names from the file reach no prototype', () => {
    const text = writeDetails(sampleDetails()).replace('"m1": ', '"__proto__": ');
    expect(Object.keys(parseDetails(text, 'details.json').nodes)).not.toContain('m1');
    expect(({} as Record<string, unknown>)['direct']).toBeUndefined();
  });
});
