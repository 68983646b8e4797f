import { EdgewiseError } from '../base/errors.js';
import { counted } from '../base/text.js';
import { createCircuit, type Circuit } from '../circuit/circuit.js';
import { inWords, leastShape } from '../circuit/shape-of-names.js';
import { isGrouped, parseNode } from '../circuit/nodes.js';
import { Topology } from '../circuit/topology.js';
import { shapeOf } from '../circuit/topology-shape.js';
import { formatOf, type FileContent, type InputFormat } from './formats.js';
import { inCircuitOf } from './own/in-circuit-json.js';
import { stabilityIn } from './own/stability-json.js';
import {
  endsOfName,
  fileTopology,
  resolveCircuit,
  type CircuitFile,
  type ModelShape,
  type ReadCircuit,
} from './own/circuit-file.js';
import { tellFormat, unreadable } from './tell-format.js';
import { readAttributionGraph, type ReadAttributionGraph } from './tools/read-attribution-graph.js';

export interface OpenCircuitOptions {
  /** What the file is. `auto`, the default, tells it by the content. */
  readonly format?: InputFormat | 'auto';
  /** What the file must fit. It is needed where the file does not say its model's shape. */
  readonly model?: ModelShape | null;
  /** In JSON, a key that is there twice in one object is an error. Otherwise the last one counts. */
  readonly strict?: boolean;
  /**
   * Where the file does not state its model's shape, the smallest shape with its nodes will do, and `sizesKnown` is
   * false. Otherwise it is an error.
   */
  readonly acceptLeastShape?: boolean;
  /** How a person can say the shape, for the message about a file without one. */
  readonly shapeHint?: string;
}

/** A circuit file that was opened. */
export interface OpenedCircuit {
  readonly format: InputFormat;
  /** The content by names. */
  readonly file: CircuitFile;
  /** The parsed file, where it is JSON. */
  readonly json: unknown;
  readonly circuit: Circuit;
  /** False where the model has at least the circuit's layers and heads, and may have more. */
  readonly sizesKnown: boolean;
  /** What a person should know of the reading. */
  readonly notes: readonly string[];
}

/** An attribution graph that was opened. */
export interface OpenedAttributionGraph extends ReadAttributionGraph {
  readonly format: 'attribution-graph';
}

/**
 * Opens a circuit file of any format that is read here, see `INPUT_FORMATS`. What the file does not hold is not known
 * afterwards: `circuitOfGraph` and `readTraceCircuit` say what their formats leave out.
 *
 * @param text the whole file.
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the file and the place at fault. The file is broken, or of no format
 *   that is read, or does not fit the model, or does not tell its model's shape where no model is given.
 */
export function openCircuit(text: string, source: string, options: OpenCircuitOptions = {}): OpenedCircuit {
  const { format, content } = tellFormat(text, source, options.format ?? 'auto', options.strict ?? false);
  if (format !== 'attribution-graph') return openTold(format, content, source, options);
  throw unreadable(source, 'is an attribution graph of features, which has no edges between heads and MLPs');
}

/** The same where an attribution graph will do, too: the viewer shows it. */
export function openCircuitOrGraph(
  text: string,
  source: string,
  options: OpenCircuitOptions = {},
): OpenedCircuit | OpenedAttributionGraph {
  const { format, content } = tellFormat(text, source, options.format ?? 'auto', options.strict ?? false);
  if (format !== 'attribution-graph') return openTold(format, content, source, options);
  return { format, ...readAttributionGraph(content.json, source) };
}

function openTold(
  format: InputFormat,
  content: FileContent,
  source: string,
  options: OpenCircuitOptions,
): OpenedCircuit {
  const { model = null } = options;
  const result = formatOf(format).read!(content, source, model);
  const { topology, sizesKnown, notes } = shapeFor(result, options);
  const named = resolveCircuit(result.file, topology);
  const said = result.file.inCircuit;
  const inCircuit = said && inCircuitOf(said, named);
  const found = result.file.stability;
  const stability = found === undefined ? undefined : stabilityIn(found, named);
  const width = widthOf(result.file, model);
  const circuit = createCircuit({ ...named, width, ...(inCircuit && { inCircuit }), ...(stability && { stability }) });
  return {
    format,
    file: result.file,
    json: content.json,
    circuit,
    sizesKnown,
    notes: [
      ...result.notes,
      ...notes,
      ...scoreNotes(result.file),
      ...(said && !inCircuit ? [`${source}: ${CHANGED}`] : []),
      ...(found !== undefined && !stability ? [`${source}: ${UNCOUNTED}`] : []),
    ],
  };
}

const CHANGED = 'its effects in the circuit and its curve are of other edges than it keeps, and are left out';

const UNCOUNTED = 'its edgewise.stability does not say how often each of its edges was found, and is left out';

/** Says of scores that they are no numbers: NaN and Infinity, as Python writes them. Their edges are not measured. */
function scoreNotes({ source, edges, directEdges }: CircuitFile): string[] {
  let [count, all] = [0, 0];
  for (const edge of [...edges.values(), ...(directEdges?.values() ?? [])]) {
    count += Number(edge.notNumber ?? false);
    all++;
  }
  if (count === 0) return [];
  const of = `of its ${counted(all, 'edge')}`;
  return [
    count === all
      ? `${source}: the score of none ${of} is a finite number`
      : `${source}: the score of ${count.toLocaleString('en-US')} ${of} is no finite number; they count as not measured`,
  ];
}

function withoutShape(source: string, what: string, { shapeHint }: OpenCircuitOptions): EdgewiseError {
  return new EdgewiseError('circuit', source, shapeHint === undefined ? what : `${what}; ${shapeHint}`);
}

/** The topology to open a file in: the model's, the file's own, or what its names tell. */
function shapeFor(
  { file, found }: ReadCircuit,
  options: OpenCircuitOptions,
): Pick<OpenedCircuit, 'sizesKnown' | 'notes'> & { readonly topology: Topology } {
  const known = { sizesKnown: true, notes: [] };
  if (options.model) return { topology: topologyFor(file, options.model), ...known };
  if (file.cfg) return { topology: fileTopology(file), ...known };
  const { shape, doubt } = found ?? leastOf(file, options);
  const topology = new Topology(shape, file.source);
  if (doubt === null) return { topology, ...known };
  const what = `${doubt}; it has at least ${inWords(shape)}`;
  if (!options.acceptLeastShape) throw withoutShape(file.source, what, options);
  return { topology, sizesKnown: false, notes: [`${file.source}: ${what}`] };
}

/** The model's topology, with the ports that the file has, where the caller takes either kind. */
function topologyFor(file: CircuitFile, { topology, kvHeads }: ModelShape): Topology {
  const grouped = hasSharedPorts(file);
  if (kvHeads === undefined || grouped === undefined) return topology;
  const kvPorts = grouped ? kvHeads : topology.heads;
  return kvPorts === topology.kvPorts ? topology : new Topology({ ...shapeOf(topology), kvPorts }, file.source);
}

/** Whether heads share key and value ports in the file: it says so, or names a port. Undefined: it does neither. */
function hasSharedPorts({ cfg, edges, directEdges, nodes }: CircuitFile): boolean | undefined {
  if (cfg) return isGrouped(cfg);
  for (const node of nodes.keys()) if (parseNode(node)?.kind === 'kv') return true;
  for (const names of [edges.keys(), directEdges?.keys() ?? []]) {
    for (const name of names) {
      const [, kind] = /\.(h|kv)\d+<[kv]>/.exec(name) ?? [];
      if (kind !== undefined) return kind === 'kv';
    }
  }
  return undefined;
}

/** Names of all nodes that the file knows of. */
function namesOf({ edges, directEdges, nodes }: CircuitFile): string[] {
  const names = [...edges.keys(), ...(directEdges?.keys() ?? [])];
  return [...nodes.keys(), ...names.flatMap((name) => endsOfName(name) ?? [])];
}

/** The smallest shape with the nodes that the file names. */
function leastOf(file: CircuitFile, options: OpenCircuitOptions): NonNullable<ReadCircuit['found']> {
  const names = namesOf(file);
  const doubt = 'the file does not say what model the circuit is of';
  if (names.length === 0) throw withoutShape(file.source, doubt, options);
  return { shape: { ...leastShape(names, file.source), parallel: false }, doubt };
}

function widthOf({ source, cfg }: CircuitFile, model: ModelShape | null): number | null {
  const [own, given] = [cfg?.width ?? null, model?.width ?? null];
  if (own !== null && given !== null && own !== given) {
    throw new EdgewiseError('circuit', source, `width ${own}, expected ${given} (circuit of another model?)`);
  }
  return own ?? given;
}
