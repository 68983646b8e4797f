import { isDeepStrictEqual } from 'node:util';
import { Topology } from '../../../src/circuit/topology.js';
import {
  CIRCUIT_WRITERS,
  INPUT_FORMATS,
  openImport,
  parseDetails,
  parseDraws,
  parseReport,
  parseScores,
  readTrace,
  writeDetails,
  writeDraws,
  writeReport,
  writeScoresJson,
  writeTrace,
  type CircuitReport,
  type InputFormat,
  type OpenedCircuit,
  type TraceStep,
} from '../../../src/files/index.js';
import type { CircuitDetails } from '../../../src/circuit/details.js';
import type { Circuit } from '../../../src/circuit/circuit.js';
import type { Scores } from '../../../src/circuit/scores.js';
import { DEFAULT_LEVELS } from '../../../src/circuit/draws.js';
import { drawAll } from '../../../src/judge/draw.js';
import { sampleReport } from '../../support/sample-report.js';
import { sampleCircuit, sampleDirectCircuit, sampleSharedCircuit } from '../../support/sample-circuit.js';
import { sampleScores } from '../../support/sample-scores.js';
import type { FuzzedReader, Seed } from '../reader.js';
import { filesAt, textOf, textSeed } from './files.js';

const MODEL = { topology: new Topology({ layers: 2, heads: 2, parallel: false }), width: 16 };

/** What a circuit says, without what is derived from it. */
const contents = ({ topology, kept, effects, steps, provenance }: Circuit): object => ({
  edges: topology.edgeCount,
  kept: [...kept],
  effects,
  steps,
  provenance,
});

const KINDS = { gexf: 'xml', graphml: 'xml', trace: 'json-lines' } as const;

function seedsOf(root: string, format: InputFormat): Seed[] {
  const kind = format in KINDS ? KINDS[format as keyof typeof KINDS] : 'json';
  const write = (CIRCUIT_WRITERS as Partial<Record<InputFormat, (circuit: Circuit) => string>>)[format];
  const perHead = format === 'eap-ig' || format === 'edge-pruning';
  const shared = perHead ? [] : [sampleSharedCircuit(), sampleSharedCircuit(true)];
  const written = write ? [sampleCircuit(), sampleDirectCircuit(), ...shared].map((circuit) => write(circuit)) : [];
  const golden: Partial<Record<InputFormat, RegExp>> = {
    json: /^(circuit|scores)(-direct)?\.json$/,
    gexf: /\.gexf$/,
    graphml: /\.graphml$/,
    'node-link': /^node-link\.json$/,
    'eap-ig': /^eap-ig(-scores)?\.json$/,
    'edge-pruning': /^edges\.json$/,
  };
  const pattern = golden[format];
  return [
    ...written.map((text, i) => textSeed(`written-${i}.${kind}`, kind, text)),
    ...(pattern ? filesAt(root, 'test/golden/export', pattern, kind) : []),
    ...(format === 'trace' ? filesAt(root, 'graphs', /(pronoun|than).*\.trace\.jsonl$/, 'json-lines') : []),
  ];
}

/** One reader of each format, through `import`, which `export`, `evaluate` and the viewer share. */
function formatReader(root: string, format: InputFormat): FuzzedReader {
  const options = format === 'edge-pruning' ? { model: MODEL } : {};
  const open = (text: string, name: string): OpenedCircuit => openImport(text, name, options);
  return {
    name: format,
    numbers: 'NaN is not known',
    seeds: () => seedsOf(root, format),
    read(seed) {
      const { circuit, notes } = open(textOf(seed), seed.name);
      const again = CIRCUIT_WRITERS.json(circuit);
      const { circuit: same } = open(again, seed.name);
      if (!isDeepStrictEqual(contents(circuit), contents(same))) throw new Error('circuit.json gives another circuit');
      // The graph formats must take whatever names and numbers the file brought in.
      for (const text of [CIRCUIT_WRITERS.gexf(circuit), CIRCUIT_WRITERS.graphml(circuit)]) open(text, seed.name);
      return { circuit: contents(circuit), notes };
    },
  };
}

export const circuitReaders = (root: string): FuzzedReader[] => [
  ...INPUT_FORMATS.map((format) => formatReader(root, format)),
  {
    name: 'scores',
    numbers: 'NaN is not known',
    seeds: () => [
      textSeed('sample.json', 'json', writeScoresJson(sampleScores())),
      ...filesAt(root, 'test/golden/export', /^(scores|eap-ig-scores).*\.json$/, 'json'),
    ],
    read: (seed) => parseScores(textOf(seed), seed.name),
    write: (scores) => writeScoresJson(scores as Scores),
  },
  {
    name: 'details',
    numbers: 'NaN is not known',
    seeds: () => filesAt(root, 'graphs', /\.details\.json$/, 'json').slice(0, 2),
    read: (seed) => parseDetails(textOf(seed), seed.name),
    write: (details) => writeDetails(details as CircuitDetails),
  },
  {
    name: 'report',
    numbers: 'NaN is not known',
    seeds: () => [textSeed('report.json', 'json', writeReport(sampleReport()))],
    read: (seed) => parseReport(textOf(seed), seed.name),
    write: (report) => writeReport(report as CircuitReport),
  },
  {
    name: 'draws',
    numbers: 'NaN is not known',
    seeds: () => [
      textSeed('draws.json', 'json', writeDraws(drawAll(sampleCircuit().kept, 3, 1), DEFAULT_LEVELS, MODEL.topology)),
    ],
    read: (seed) => {
      const { levels, ...draws } = parseDraws(textOf(seed), seed.name, MODEL.topology, 3);
      return { levels, draws: { permutations: [], inflations: [], randomCircuits: [], ...draws } };
    },
  },
  {
    name: 'trace-steps',
    seeds: () => filesAt(root, 'graphs', /(pronoun|than).*\.trace\.jsonl$/, 'json-lines'),
    read: (seed) => readTrace(textOf(seed), seed.name),
    numbers: 'NaN is not known',
    write: (steps) => writeTrace(steps as TraceStep[]),
  },
];
