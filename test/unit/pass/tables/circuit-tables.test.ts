/**
 * The tables of a search, without a device: what they say never depends on what was written before, and little of them
 * changes from test to test.
 */
import { expect, test } from 'vitest';
import { createRng } from '../../../../src/base/rng.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { allNodesInUse, nodesInUse, REACH } from '../../../../src/circuit/reachability.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { acdc } from '../../../../src/discover/acdc.js';
import { kernels } from '../../../../src/gpu/kernels.gen.js';
import type { JobKernel } from '../../../../src/gpu/kernel.js';
import type { Layout } from '../../../../src/model/layout.js';
import { CutSums } from '../../../../src/pass/cut-sums.js';
import type { PassShape } from '../../../../src/pass/pass-plan.js';
import { rowLists } from '../../../../src/pass/row-lists.js';
import { staleNodes, type ResidentCircuit } from '../../../../src/pass/stale-nodes.js';
import { CircuitTables } from '../../../../src/pass/tables/circuit-tables.js';
import type { CircuitWork } from '../../../../src/pass/tables/input-jobs.js';
import type { JobTable } from '../../../../src/pass/tables/table-layout.js';
import { PLAIN_PIECES } from '../../../support/layouts.js';

/** A pass without a device: fills tables as PatchedPass does. */
class Passes {
  readonly tables: CircuitTables;
  readonly #topology: Topology;
  readonly #cutSums: CutSums;
  readonly #rows;
  #held: readonly ResidentCircuit[];

  constructor(topology: Topology, layout: Layout, shape: PassShape) {
    this.#topology = topology;
    this.#cutSums = new CutSums(topology, shape.cutSums);
    this.tables = new CircuitTables(topology, layout, shape, 1 << 27);
    const extent = { position: shape.sequence - 1, firstDifference: 2 };
    this.#rows = rowLists(shape, new Array(shape.prompts).fill(extent));
    this.#held = [{ circuit: EdgeSet.full(topology), ...allNodesInUse(topology) }];
  }

  /** Returns what was filled in. */
  pass(circuits: readonly EdgeSet[]): readonly CircuitWork[] {
    const held = this.#held;
    const slots = circuits.map((circuit, c) => ({
      circuit,
      ...staleNodes(circuit, nodesInUse(circuit), held[c] ?? held[0]!),
    }));
    this.fill(slots);
    this.#held = [...slots.map(({ resident }) => resident), ...held.slice(circuits.length)];
    return slots;
  }

  fill(slots: readonly CircuitWork[]): void {
    this.tables.fill(slots, this.#rows, this.#cutSums);
  }

  /** Jobs of all tables with what their lists hold. Slots of kept sums would depend on what came before: none. */
  decoded(): readonly unknown[] {
    const { words } = this.tables;
    const list = (at: number, count: number): number[] => [...words.subarray(at, at + count)];
    const jobs = (name: JobKernel, { jobsAt, count }: JobTable): unknown[] =>
      Array.from({ length: count }, (_, j) => {
        const fields: readonly string[] = kernels[name].job;
        const job = Object.fromEntries(fields.map((field, f) => [field, words[jobsAt + j * fields.length + f]!]));
        for (const field of fields) {
          if (!field.endsWith('_at') || (field === 'rows_at' && job[field] === 0xffffffff)) continue;
          job[field] = list(job[field]!, job[field.slice(0, -3)]!) as never;
        }
        return job;
      });
    const of = this.tables;
    return [
      ...of.layers.flatMap((layer) => [
        jobs('port_inputs', layer.headInputs.inputs),
        layer.projections.map((table) => jobs('matmul', table)),
        jobs('attention_pattern', layer.heads),
        layer.attentionOut.map((table) => jobs('matmul', table)),
        jobs('port_inputs', layer.mlpInput.inputs),
        layer.mlpIn.map((table) => jobs('matmul', table)),
        layer.mlpOut.map((table) => jobs('matmul', table)),
      ]),
      jobs('port_inputs', of.logits.inputs),
      this.#topology.layers,
    ];
  }
}

function layoutOf(heads: number): Layout {
  const projectionHeads = { q: heads, k: heads, v: heads };
  return { width4: 24, head4: 8, mlp4: 96, vocabStride: 128, projectionHeads, ...PLAIN_PIECES };
}

test('tables say the same as tables that are written for the first time', () => {
  const topology = new Topology({ layers: 3, heads: 3, parallel: false });
  const shape = { circuits: 4, prompts: 3, sequence: 5, cutSums: 0 };
  const rng = createRng(5);
  const passes = new Passes(topology, layoutOf(3), shape);
  let circuit = EdgeSet.full(topology);
  for (let i = 0; i < 60; i++) {
    const circuits = Array.from({ length: 1 + Math.floor(4 * rng.next()) }, () => {
      const edge = Math.floor(rng.next() * topology.additionEdges);
      const test = circuit.without(edge);
      if (rng.next() < 0.3) circuit = test;
      return test;
    });
    const slots = passes.pass(circuits);
    const fresh = new Passes(topology, layoutOf(3), shape);
    fresh.fill(slots);
    expect(passes.decoded()).toEqual(fresh.decoded());
    // A device that takes every change holds all words: test/unit/pass/tables/job-writer.test.ts.
  }
});

test.each([1, 2, 16])('a search sends less than 2 KB a test, %i circuits side by side', async (circuits) => {
  const topology = new Topology({ layers: 6, heads: 8, parallel: false });
  const passes = new Passes(topology, layoutOf(8), { circuits, prompts: 8, sequence: 15, cutSums: 200 });
  const rng = createRng(2);
  const worth = Float64Array.from({ length: topology.edgeCount }, () => (rng.next() < 0.05 ? 1 : 0));
  let bytes = 0;
  const evaluator = {
    most: 60,
    perPrompt(asked: readonly EdgeSet[]) {
      for (let first = 0; first < asked.length; first += circuits) {
        passes.pass(asked.slice(first, first + circuits));
        for (const { count } of passes.tables.takeChanges()) bytes += 4 * count;
      }
      return Promise.resolve(
        asked.map((circuit) => {
          const use = nodesInUse(circuit);
          let value = 0;
          for (let id = 0; id < topology.additionEdges; id++) {
            if (worth[id] === 1 && !circuit.has(id) && use.ports[topology.edge(id).port] !== 0) value++;
          }
          return [value];
        }),
      );
    },
  };
  const options = { threshold: 0.5, absolute: false, senderHeads: 'descending', directEdges: false } as const;
  const result = await acdc(evaluator, EdgeSet.full(topology), options);
  expect(result.steps.length).toBeGreaterThan(200);
  expect(bytes / result.steps.length).toBeLessThan(2000);
});

test('the MLPs of all circuits are one product: row after row in, and each row to its circuit, writer and token', () => {
  const topology = new Topology({ layers: 3, heads: 2, parallel: false });
  const [prompts, sequence] = [3, 5];
  const tokens = prompts * sequence;
  const passes = new Passes(topology, layoutOf(2), { circuits: 4, prompts, sequence, cutSums: 0 });
  const full = EdgeSet.full(topology);
  const cut = (from: number, port: number): EdgeSet => full.without(topology.additionEdge(from, port));
  const slots = passes.pass([
    cut(0, topology.mlpPort(1)),
    cut(topology.mlpWriter(1), topology.logitsPort),
    cut(0, topology.headPort(1, 'v', 1)),
  ]);
  const { tables } = passes;
  const { words, layers } = tables;
  const computed = [1, 2].map((layer) => {
    const writer = topology.mlpWriter(layer);
    const among = slots.flatMap(({ compute }, c) => (compute.writers[writer] === REACH.none ? [] : [c]));
    const { mlpIn, mlpOut, mlpInput } = layers[layer]!;
    const job = (table: JobTable): Record<string, number> => {
      expect(table.count).toBe(1);
      return Object.fromEntries(kernels.matmul.job.map((field, f) => [field, words[table.jobsAt + f]!]));
    };
    const [into, out] = [job(mlpIn[0]!), job(mlpOut[0]!)];
    expect(into).toMatchObject({ a: 0, out: 0, rows: mlpInput.totalRows, rows_at: 0xffffffff });
    expect(out).toMatchObject({ a: 0, out: 0, rows: mlpInput.totalRows });
    const rows = [...words.subarray(out['rows_at'], out['rows_at']! + out['rows']!)];
    // Every row from the first difference on, or the metric's alone.
    const wanted = among.flatMap((c) => {
      const first = (c * topology.writers.length + writer) * tokens;
      const from = slots[c]!.compute.writers[writer] === REACH.metric ? sequence - 1 : 2;
      return Array.from({ length: prompts * sequence }, (_, row) => row)
        .filter((row) => row % sequence >= from)
        .map((row) => first + row);
    });
    expect(rows).toEqual(wanted);
    return among;
  });
  expect(computed).toEqual([
    [0, 2],
    [0, 2],
  ]);
});
