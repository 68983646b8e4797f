import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { candidateEdges, createCircuit, type Circuit } from '../../../src/circuit/circuit.js';
import { isGrouped } from '../../../src/circuit/nodes.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import {
  CIRCUIT_WRITERS,
  INPUT_FORMATS,
  openCircuit,
  writeTrace,
  type InputFormat,
  type TraceStep,
} from '../../../src/files/index.js';
import { anyText } from '../../support/any-text.js';
import { sampleProvenance } from '../../support/sample-circuit.js';

const GRAPHS = fileURLToPath(new URL('../../../graphs/', import.meta.url));

/** What a format gives back of a circuit, where the file holds every edge that the format has a place for. */
interface Kept {
  readonly effects: 'all' | 'zeros' | 'none';
  readonly steps: boolean;
  readonly provenance: boolean;
  readonly width: boolean;
  readonly untestedRemovals: boolean;
  readonly directEdges: boolean;
  /** The file tells the model's shape. */
  readonly shape: boolean;
  /** It has names for key and value ports that several heads share. */
  readonly sharedPorts: boolean;
}
const GRAPH = {
  effects: 'all',
  steps: true,
  provenance: true,
  directEdges: true,
  shape: true,
  sharedPorts: true,
} as const;
const NAMES = {
  steps: false,
  provenance: false,
  width: false,
  untestedRemovals: false,
  directEdges: false,
  sharedPorts: false,
} as const;
const KEPT: Readonly<Record<InputFormat, Kept>> = {
  json: { ...GRAPH, width: true, untestedRemovals: true },
  'node-link': { ...GRAPH, width: true, untestedRemovals: true },
  gexf: { ...GRAPH, width: true, untestedRemovals: false },
  graphml: { ...GRAPH, width: true, untestedRemovals: false },
  'eap-ig': { ...NAMES, effects: 'zeros', width: true, shape: true },
  'edge-pruning': { ...NAMES, effects: 'none', shape: false },
  trace: { ...NAMES, effects: 'all', steps: true, directEdges: true, shape: false, sharedPorts: true },
};

/** The decisions of a circuit whose every step is the next one. */
function traceText({ topology, kept, effects, steps }: Circuit): string {
  const order = [...steps.keys()].filter((id) => steps[id]! >= 0).sort((a, b) => steps[a]! - steps[b]!);
  return writeTrace(
    order.map((id): TraceStep => {
      return { step: steps[id]!, edge: topology.edgeName(id), before: 0, after: effects[id]!, kept: kept.has(id) };
    }),
  );
}

/** Circuits of small models: any edges kept, every kept edge tested, some of the others tested, removed or untested. */
const circuits: fc.Arbitrary<Circuit> = fc
  .record({
    layers: fc.integer({ min: 1, max: 3 }),
    heads: fc.integer({ min: 1, max: 4 }),
    shared: fc.boolean(),
    parallel: fc.boolean(),
    attentionOnly: fc.boolean(),
    directTested: fc.boolean(),
    seeds: fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 1,
      maxLength: 60,
    }),
    text: anyText,
  })
  .map(({ layers, heads, shared, parallel, attentionOnly, directTested, seeds, text }) => {
    const kvPorts = shared && heads > 1 ? (heads === 4 ? 2 : 1) : heads;
    const topology = new Topology({ layers, heads, kvPorts, parallel, attentionOnly });
    const count = directTested ? topology.edgeCount : topology.additionEdges;
    const seed = (id: number) => seeds[(id * 7) % seeds.length]!;
    // The first edge is in every circuit: a file without any edge of the input says something else in Edge Pruning.
    const isKept = (id: number): boolean => id === 0 || id >= count || seed(id)[0];
    // A search tests every edge into the logits.
    const isIntoLogits = (id: number): boolean =>
      id >= topology.firstEdge(topology.logitsPort) && id < topology.additionEdges;
    const isTested = (id: number): boolean => id < count && (isKept(id) || isIntoLogits(id) || seed(id)[1]);
    const effects = new Float64Array(topology.edgeCount).fill(NaN);
    const steps = new Int32Array(topology.edgeCount).fill(-1);
    let step = 0;
    for (let id = topology.edgeCount - 1; id >= 0; id--) {
      if (!isTested(id)) continue;
      effects[id] = seed(id)[2] + 0;
      steps[id] = step++;
    }
    const untested = Array.from({ length: count }, (_, id) => id).filter((id) => !isTested(id));
    const task = { name: text, hash: text };
    return createCircuit({
      topology,
      width: 8 * heads,
      kept: EdgeSet.where(topology, isKept),
      effects,
      steps,
      untestedRemovals: untested.filter((_, i) => i % 2 === 0),
      directTested,
      provenance: sampleProvenance({
        directEdges: directTested,
        task,
        signConvention: text,
        ...(kvPorts < heads && { kvPorts: 'grouped' }),
      }),
    });
  });

describe('a circuit that is written and read', () => {
  it.each(INPUT_FORMATS)('comes back from %s with what the format holds', (format) => {
    const holds = KEPT[format];
    fc.assert(
      fc.property(circuits, fc.boolean(), (circuit, giveModel) => {
        const { topology, directTested } = circuit;
        if (isGrouped(topology) && !holds.sharedPorts) {
          expect(() => CIRCUIT_WRITERS[format as 'eap-ig'](circuit)).toThrow(/no key and value ports that heads share/);
          return;
        }
        const text = format === 'trace' ? traceText(circuit) : CIRCUIT_WRITERS[format](circuit, { allEdges: true });
        const model = giveModel || !holds.shape ? { topology, width: null } : null;
        const opened = openCircuit(text, 'f', { model });
        const back = opened.circuit;
        expect(opened.format).toBe(format);
        expect(back.topology).toMatchObject({ layers: topology.layers, heads: topology.heads });
        expect(back.topology.kvPorts).toBe(topology.kvPorts);
        expect(back.topology.parallel).toBe(topology.parallel);
        expect(opened.notes).toEqual([]);
        // Direct edges that a format has no place for count as kept.
        const isDirectThere = format !== 'trace' || text.includes('>->');
        const direct = directTested && holds.directEdges && isDirectThere;
        const keptThere = EdgeSet.where(
          topology,
          (id) => circuit.kept.has(id) || (!direct && id >= topology.additionEdges),
        );
        expect([...back.kept]).toEqual([...keptThere]);
        expect(back.directTested).toBe(direct);
        const count = candidateEdges(back);
        const effects = circuit.effects.map((effect, id) => {
          if (id >= count || holds.effects === 'none') return NaN;
          return Number.isNaN(effect) && holds.effects === 'zeros' ? 0 : effect;
        });
        expect(back.effects).toEqual(effects);
        expect(back.steps).toEqual(circuit.steps.map((step, id) => (holds.steps && id < count ? step : -1)));
        expect(back.provenance).toEqual(holds.provenance ? circuit.provenance : null);
        expect(back.width).toBe(holds.width ? circuit.width : null);
        expect(back.untestedRemovals).toEqual(holds.untestedRemovals ? circuit.untestedRemovals : []);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['gexf', 'graphml', 'node-link'] as const)('%s of all edges is written the same again', (format) => {
    fc.assert(
      fc.property(circuits, (circuit) => {
        const text = CIRCUIT_WRITERS[format](circuit, { allEdges: true });
        const { circuit: back } = openCircuit(text, 'f');
        expect(CIRCUIT_WRITERS[format](back, { allEdges: true })).toBe(text);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the circuits of graphs/', () => {
  const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));
  const readText = (name: string): string => readFileSync(`${GRAPHS}${name}`, 'utf8');

  it.each(names)(
    '%s: GEXF gives back edges, effects, steps and provenance, and what it leaves out is known',
    (name) => {
      const { circuit } = openCircuit(readText(name), name);
      const { circuit: back } = openCircuit(readText(name.replace('.json', '.gexf')), name);
      expect([...back.kept]).toEqual([...circuit.kept]);
      for (const id of circuit.kept) {
        expect([back.effects[id], back.steps[id]]).toEqual([circuit.effects[id], circuit.steps[id]]);
      }
      expect(back.provenance).toEqual(circuit.provenance);
      const { layers, heads, parallel } = circuit.topology;
      expect(back.topology).toMatchObject({ layers, heads, parallel });
      expect([back.width, back.untestedRemovals]).toEqual([circuit.width, []]);
    },
  );

  it.each(names)('%s: the trace gives back all but the provenance, the width and untested removals', (name) => {
    const { circuit } = openCircuit(readText(name), name);
    const { circuit: back, format } = openCircuit(readText(name.replace('.json', '.trace.jsonl')), name);
    expect(format).toBe('trace');
    const { layers, heads, parallel } = circuit.topology;
    expect(back.topology).toMatchObject({ layers, heads, parallel });
    expect([...back.kept]).toEqual([...circuit.kept]);
    expect(back.steps).toEqual(circuit.steps);
    expect(back.effects).toEqual(circuit.effects);
    expect([back.provenance, back.width, back.imported]).toEqual([null, null, { positive: 'helps', selection: null }]);
  });
});
