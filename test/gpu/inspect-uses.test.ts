/**
 * Where the outputs of a circuit are used and what they write there, what the model answers, and where heads attend in
 * the circuit with an edge and without it: of every family against float64.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import type { Circuit } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { standingPositions } from '../../src/circuit/standing-positions.js';
import { Topology } from '../../src/circuit/topology.js';
import { patternEdges, patternReads } from '../../src/inspect/attention-rows.js';
import { inspectNodes, type NodeBehaviour } from '../../src/inspect/inspect-nodes.js';
import type { TokenValue } from '../../src/inspect/top-tokens.js';
import { valueReads, type UsedCircuit } from '../../src/inspect/uses.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { randomModel } from '../../src/model/random-model.js';
import type { PromptPair } from '../../src/task/types.js';
import { oracleBehaviour } from '../oracle/behaviour.js';
import { loadOracle, runCircuit, runModel, type OracleModel, type Pass } from '../oracle/model.js';
import { oracleWrites, oracleWrittenThrough } from '../oracle/uses.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { SMALL_FAMILIES, smallSpec, type SmallFamily } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf } from '../support/search-pairs.js';

const device = useDevice();
const TOLERANCE = 3e-5;
const SHAPES = [
  { length: 6, difference: 1, position: 5 },
  { length: 4, difference: 0, position: 2 },
  { length: 1, difference: 0, position: 0 },
];

/** About half of the edges, with the direct edges that were not decided on. */
function someCircuit(topology: Topology, seed: number): UsedCircuit['circuit'] {
  const rng = randomNumbers(seed);
  const kept = EdgeSet.where(topology, (id) => id >= topology.additionEdges || rng.next() < 0.5);
  return { topology, kept, directTested: false };
}

/** Edges into keys and values count more, so that some outputs are used before the measured position. */
function weightOf(topology: Topology): UsedCircuit['weight'] {
  return (edge, prompt) => {
    const port = topology.ports[topology.edge(edge).port]!;
    return ((edge * 7 + prompt * 13) % 11) / 10 + ('branch' in port && port.branch !== 'q' ? 2 : 0);
  };
}

/** What is told of tokens: the largest logits less their mean, each that of its token. */
function expectTokens(what: string, told: readonly TokenValue[], logits: readonly Float64Array[]): void {
  const vocab = logits[0]!.length;
  const means = Array.from({ length: vocab }, (_, id) => mean(logits.map((row) => row[id]!)));
  const centred = means.map((logit) => logit - mean(means));
  const sorted = centred.toSorted((a, b) => b - a).slice(0, 8);
  const most = Math.max(...centred.map(Math.abs));
  expect(most, what).toBeGreaterThan(1e-7);
  const values = told.map(({ logit }) => logit);
  expectClose(`${what}, by rank`, values, sorted, TOLERANCE * most);
  const own = told.map(({ id }) => centred[id]!);
  expectClose(`${what}, by token`, values, own, TOLERANCE * most);
}

interface Case {
  readonly name: string;
  readonly family: SmallFamily;
  readonly grouped?: true;
  readonly changes?: Partial<ModelSpec>;
}

const CASES: readonly Case[] = [
  ...SMALL_FAMILIES.map((family) => ({ name: family, family })),
  { name: 'llama, shared ports', family: 'llama', grouped: true },
  { name: 'gemma2, shared ports', family: 'gemma2', grouped: true },
  { name: 'one layer of attention', family: 'gpt2', changes: { layers: 1, mlp: null } },
  { name: 'attention alone', family: 'llama', changes: { layers: 3, mlp: null } },
];

describe.each(CASES)('$name', { timeout: 120_000 }, ({ family, grouped, changes }) => {
  const seed = SMALL_FAMILIES.indexOf(family);
  const spec = smallSpec(family, { layers: 2, ...changes });
  let oracle: OracleModel;
  let model: DeviceModel;
  let topology: Topology;
  let pairs: PromptPair[];
  let passes: Pass[];
  let circuit: UsedCircuit['circuit'];
  let found: NodeBehaviour;

  beforeAll(async () => {
    const loaded = await randomModel(spec, 40 + seed);
    model = await uploadModel(device.gpu, loaded);
    const { layers, heads, parallel, attentionOnly } = model.topology;
    const shape = { layers, heads, parallel, attentionOnly };
    topology = grouped ? new Topology({ ...shape, kvPorts: spec.kvHeads }) : model.topology;
    oracle = await loadOracle(loaded);
    pairs = pairsOf(randomNumbers(50 + seed), spec.vocab, SHAPES);
    passes = pairs.map((pair) => runModel(oracle, pair.clean));
    circuit = someCircuit(topology, 60 + seed);
    const used = { circuit, weight: weightOf(topology) };
    const asked = [...topology.writers.keys()];
    found = await inspectNodes(model.weights, topology, pairs, asked, { input: 'token', budget: 1e9, used });
  });
  afterAll(() => model?.weights.dispose());

  const patternOf = (pass: Pass, writer: number): Float64Array => {
    const node = topology.writers[writer]!;
    if (node.kind !== 'head') throw new Error('no head');
    return pass.patterns[node.layer * topology.heads + node.head]!;
  };
  const heads = (): number[] => [...topology.writers.keys()].filter((w) => topology.writers[w]!.kind === 'head');

  test('outputs are used where the float64 patterns say', () => {
    const attention = new Map(heads().map((writer) => [writer, passes.map((pass) => patternOf(pass, writer))]));
    const prompts = pairs.map(({ clean: { length }, position }) => ({ length, position }));
    expect(found.used!.at).toEqual(standingPositions({ circuit, prompts, attention, weight: weightOf(topology) }));
    // Some output is used before the measured position.
    if (topology.layers > 1)
      expect(found.used!.at.flat().some((at, i) => at !== pairs[i % pairs.length]!.position)).toBe(true);
  });

  test('what nodes write there, and the place of the answer', () => {
    topology.writers.forEach((_, writer) => {
      const name = topology.writerName(writer);
      const at = found.used!.at[writer]!;
      const logits = pairs.map((pair, n) => oracleWrites(oracle, passes[n]!, pair, writer, at[n]!));
      expectTokens(name, found.used!.writes[writer]!, logits);
      pairs.forEach((pair, n) => {
        const own = oracleBehaviour(oracle, passes[n]!, pair).logits[writer]!;
        const answer = Math.max(...pair.correct.map((id) => own[id]!));
        // Ranks may swap where logits are nearly equal.
        const near = TOLERANCE * Math.max(...own.map(Math.abs));
        const above = (by: number): number => own.filter((logit) => logit > answer + by).length;
        const rank = found.nodes[writer]!.answerRank![n]!;
        expect(rank, `${name}, prompt ${n}`).toBeGreaterThanOrEqual(1 + above(near));
        expect(rank, `${name}, prompt ${n}`).toBeLessThanOrEqual(above(-near) + 1);
      });
    });
  });

  test('what senders write through the values of their readers', () => {
    const reads = valueReads(circuit);
    const { writtenThrough, at } = found.used!;
    expect(new Set(writtenThrough.keys())).toEqual(new Set(reads.map(({ edge }) => edge)));
    expect(writtenThrough.size).toBeGreaterThan(0);
    for (const [edge, told] of writtenThrough) {
      const logits = pairs.map((pair, n) => {
        const each = reads
          .filter((read) => read.edge === edge)
          .map(({ sender, reader }) => {
            const { layer, head } = topology.writers[reader] as { layer: number; head: number };
            const stands = at[reader]![n]!;
            const { length } = pair.clean;
            const row = patternOf(passes[n]!, reader).subarray(stands * length, stands * length + stands + 1);
            const read = row.indexOf(Math.max(...row));
            return oracleWrittenThrough(oracle, passes[n]!, sender, { layer, head }, { read, stands });
          });
        return each.reduce((sum, one) => sum.map((value, id) => value + one[id]!));
      });
      expectTokens(topology.edgeName(edge), told, logits);
    }
  });

  test('what the model answers', () => {
    pairs.forEach(({ position, correct, wrong }, n) => {
      const logits = passes[n]!.logits.subarray(position * spec.vocab, (position + 1) * spec.vocab);
      const most = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      const probability = (id: number): number => Math.exp(logits[id]! - most) / total;
      const sum = (ids: readonly number[]): number => ids.reduce((all, id) => all + probability(id), 0);
      const { top, probability: answers } = found.predictions[n]!;
      const sorted = [...logits].sort((a, b) => b - a).slice(0, 10);
      const values = top.map(({ logit }) => logit);
      expectClose('logits', values, sorted, TOLERANCE, 'relative');
      const own = top.map(({ id }) => probability(id));
      const probabilities = top.map((token) => token.probability);
      expectClose('probabilities', probabilities, own, TOLERANCE);
      expectClose('answers', [answers.correct, answers.wrong], [sum(correct), sum(wrong)], TOLERANCE);
    });
  });

  test('attention on the corrupted prompts', () => {
    pairs.forEach((pair, n) => {
      const pass = runModel(oracle, pair.corrupted);
      for (const writer of heads()) {
        const got = found.nodes[writer]!.corruptedAttention![n]!;
        expectClose(`pattern of ${topology.writerName(writer)}`, got, patternOf(pass, writer), TOLERANCE);
      }
    });
  });

  test('where heads attend in the circuit, with an edge and without it', async () => {
    const { at } = found.used!;
    const groups = patternEdges(circuit);
    let passesDone = 0;
    const reads = await withEvaluator({ weights: model.weights, topology }, pairs, { prompts: 2 }, (evaluator) =>
      patternReads(evaluator, circuit.kept, groups, { pairs, told: pairs.length }, at, () => passesDone++),
    );
    const first = await withEvaluator({ weights: model.weights, topology }, pairs, { prompts: 2 }, (evaluator) =>
      patternReads(evaluator, circuit.kept, groups.slice(0, 1), { pairs, told: 1 }, at),
    );
    for (const [edge, rows] of first) expect(rows).toEqual(reads.get(edge)!.slice(0, 1));
    const edges = groups.flat();
    expect(passesDone).toBe(1 + groups.length);
    expect(groups.length).toBeLessThan(edges.length);
    expect([...reads.keys()].sort((a, b) => a - b)).toEqual(edges.map(({ edge }) => edge).sort((a, b) => a - b));
    const cutIn = (kept: EdgeSet): Pass[] =>
      pairs.map((pair) => runCircuit(oracle, pair.clean, spread(kept), runModel(oracle, pair.corrupted)));
    const whole = cutIn(circuit.kept);
    let moved = 0;
    const looked = edges.length < 10 ? edges : edges.filter((_, i) => i % 5 === seed % 5);
    for (const { edge, readers } of looked) {
      const without = cutIn(circuit.kept.without(edge));
      pairs.forEach((pair, n) => {
        const rows = reads.get(edge)![n]!;
        const wanted = readers.flatMap((writer) =>
          [...new Set([pair.position, at[writer]![n]!])].map((q) => [writer, q]),
        );
        expect(rows.map(({ head, query }) => [head, query])).toEqual(
          wanted.map(([writer, query]) => [topology.writerName(writer!), query]),
        );
        rows.forEach(({ query, kept, cut }, i) => {
          const { length } = pair.clean;
          const row = (pass: Pass): Float64Array =>
            patternOf(pass, wanted[i]![0]!).subarray(query * length, query * length + query + 1);
          const name = `${topology.edgeName(edge)}, prompt ${n}, query ${query}`;
          expectClose(name, kept, row(whole[n]!), TOLERANCE);
          expectClose(`${name}, cut`, cut, row(without[n]!), TOLERANCE);
          if (kept.some((share, key) => Math.abs(share - cut[key]!) > 1e-4)) moved++;
        });
      });
    }
    // In one layer the few edges kept may lie where the prompts are alike.
    if (topology.layers > 1) expect(moved).toBeGreaterThan(0);
  });

  /** The circuit of the oracle, whose heads have ports of their own. */
  const spread = (kept: EdgeSet): EdgeSet => {
    const single = oracle.topology;
    if (topology.edgeCount === single.edgeCount) return EdgeSet.of(single, kept);
    return EdgeSet.where(single, (id) => {
      const edge = single.edge(id);
      const port = single.ports[edge.port]!;
      const shared =
        port.kind === 'head'
          ? topology.headPort(port.layer, port.branch, port.head)
          : port.kind === 'mlp'
            ? topology.mlpPort(port.layer)
            : topology.logitsPort;
      return kept.has(
        edge.kind === 'direct' ? topology.directEdge(shared) : topology.additionEdge(edge.writer, shared),
      );
    });
  };
});

test('edges that are cut at once are read by different heads of one layer', () => {
  const topology = new Topology({ layers: 3, heads: 4, kvPorts: 2, parallel: false });
  const circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'> = {
    topology,
    kept: EdgeSet.full(topology),
    directTested: false,
  };
  const groups = patternEdges(circuit);
  const all = groups.flat().map(({ edge }) => edge);
  const wanted = [...circuit.kept].filter((id) => /<[qk]>$/.test(topology.edgeName(id)));
  expect(all.sort((a, b) => a - b)).toEqual(wanted);
  for (const edges of groups) {
    const readers = edges.flatMap((edge) => edge.readers);
    expect(new Set(readers).size).toBe(readers.length);
    const layers = edges.map(({ edge }) => (topology.ports[topology.edge(edge).port] as { layer: number }).layer);
    expect(new Set(layers).size).toBe(1);
  }
});

test('of an answer of several tokens, attention is told once for each prompt', async () => {
  const spec = smallSpec('gpt2', { layers: 2 });
  const loaded = await randomModel(spec, 7);
  const model = await uploadModel(device.gpu, loaded);
  const { topology } = model;
  const circuit = someCircuit(topology, 8);
  const pairs = pairsOf(randomNumbers(9), spec.vocab, SHAPES.slice(0, 2)).map((pair, n): PromptPair =>
    n === 0 ? { ...pair, position: 3, answer: [...pair.clean.slice(4), 5] } : pair,
  );
  const at = topology.writers.map((_, writer) => pairs.map(({ position }) => (writer % 2 === 0 ? 1 : position)));
  const groups = patternEdges(circuit);
  const choice = { prompts: 2, metric: 'nll' } as const;
  const reads = await withEvaluator(model, pairs, choice, (evaluator) =>
    patternReads(evaluator, circuit.kept, groups, { pairs, told: 2 }, at),
  );
  const oracle = await loadOracle(loaded);
  for (const { edge, readers } of groups.flat().slice(0, 6)) {
    const node = topology.writers[readers[0]!] as { layer: number; head: number };
    reads.get(edge)!.forEach((rows, n) => {
      const { clean, corrupted } = pairs[n]!;
      const cut = runCircuit(oracle, clean, circuit.kept.without(edge), runModel(oracle, corrupted));
      const pattern = cut.patterns[node.layer * topology.heads + node.head]!;
      expect(rows).toHaveLength(new Set([pairs[n]!.position, at[readers[0]!]![n]!]).size);
      for (const { query, cut: got } of rows) {
        const row = pattern.subarray(query * clean.length, query * clean.length + query + 1);
        expectClose(`${topology.edgeName(edge)}, prompt ${n}`, got, row, TOLERANCE);
      }
    });
  }
  model.weights.dispose();
});
