import { EdgewiseError } from '../../base/errors.js';
import { asArray, asObject, fail, isCount, readJson, type JsonObject } from '../../base/json/json-fields.js';
import { isObject } from '../../base/json/strict-json.js';
import { quote } from '../../base/text.js';
import { circuitProvenance } from '../../circuit/scored-circuit.js';
import type { CircuitFile, FileEdge, FileNode } from './circuit-file.js';
import { SCHEMA_VERSION } from './circuit-json.js';
import { decodeConfig } from './config-json.js';
import { fileInCircuit } from './in-circuit-json.js';
import { decodeImported, decodeProvenance, decodeScoresProvenance } from './provenance-json.js';

/**
 * Reads a circuit in the interchange schema, of this program or another. Only `edges` with `in_graph` is required.
 * Scores that are missing, null or not finite are NaN.
 *
 * Fields are checked by `base/json/json-fields`, and not by a schema as in smaller files: a circuit of GPT-2 XL has two
 * million edges, and a schema makes an object for each value that it checks.
 *
 * @throws EdgewiseError kind `circuit`, naming the file and the field or edge at fault.
 */
export function parseCircuit(text: string, source: string): CircuitFile {
  return circuitFileOf(readJson(text, source), source);
}

/** The same of JSON that is parsed already. */
export function circuitFileOf(json: unknown, source: string): CircuitFile {
  const file = asObject(json, source, 'the file');
  const own = file['edgewise'] === undefined ? {} : asObject(file['edgewise'], source, 'edgewise');
  const version = own['schema_version'] ?? SCHEMA_VERSION;
  if (version !== SCHEMA_VERSION) {
    throw new EdgewiseError(
      'circuit',
      source,
      `edgewise.schema_version is ${quote(version)}, expected ${SCHEMA_VERSION}`,
    );
  }
  const { direct_edges: direct, untested_removals: removals = [], view } = own;
  if (!Array.isArray(removals) || !removals.every((name) => typeof name === 'string')) {
    throw new EdgewiseError('circuit', source, 'edgewise.untested_removals: expected an array of edge names');
  }
  const { sparse = false } = own;
  if (typeof sparse !== 'boolean') fail(source, 'edgewise.sparse', sparse, 'true or false');
  const optional = <T>(key: string, read: (json: JsonObject, source: string) => T): T | undefined =>
    own[key] === undefined ? undefined : read(asObject(own[key], source, `edgewise.${key}`), source);
  const scores = optional('scores', readScoresHeader);
  const cfg = file['cfg'] === undefined ? undefined : decodeConfig(asObject(file['cfg'], source, 'cfg'), source, 'cfg');
  const provenance = optional('provenance', decodeProvenance);
  const edges = readEdges(file['edges'], source, 'edges');
  const left = sparse ? [...edges].find(([, edge]) => !edge.inGraph) : undefined;
  if (left) {
    const what = `edges[${quote(left[0])}] is not in the circuit, but edgewise.sparse says that those in it alone are listed`;
    throw new EdgewiseError('circuit', source, what);
  }
  return {
    source,
    edges,
    nodes: file['nodes'] === undefined ? new Map() : readNodes(file['nodes'], cfg?.width ?? null, source),
    directEdges: direct === undefined ? undefined : readEdges(direct, source, 'edgewise.direct_edges'),
    untestedRemovals: removals,
    cfg,
    provenance: provenance ?? (scores?.provenance && circuitProvenance(scores.provenance, null)),
    scores,
    imported: optional('imported', decodeImported),
    inCircuit: fileInCircuit(own),
    stability: own['stability'],
    view,
  };
}

function readNodes(json: unknown, width: number | null, source: string): Map<string, FileNode> {
  const nodes = new Map<string, FileNode>();
  for (const [name, value] of Object.entries(asObject(json, source, 'nodes'))) {
    const where = `nodes[${quote(name)}]`;
    // EAP-IG before 2025 and KnowledgeCircuits say of a node only whether it is in the circuit. Edges say the same.
    const { neurons = [] } = typeof value === 'boolean' ? {} : asObject(value, source, where);
    const kept = asArray(neurons, source, `${where}.neurons`);
    const wrong = kept.find((one) => typeof one !== 'boolean');
    if (wrong !== undefined) fail(source, `${where}.neurons`, wrong, 'true or false for each');
    if (kept.length > 0 && width !== null && kept.length !== width) {
      const what = `${where}.neurons: ${kept.length} of them, expected cfg.d_model (${width})`;
      throw new EdgewiseError('circuit', source, what);
    }
    nodes.set(name, { neurons: kept.length, leftOut: kept.filter((one) => one === false).length });
  }
  return nodes;
}

function readScoresHeader(json: JsonObject, source: string): CircuitFile['scores'] {
  const { provenance, positive = null } = json;
  if (positive !== 'helps' && positive !== null) {
    fail(source, 'edgewise.scores.positive', positive, '"helps" or null');
  }
  const where = 'edgewise.scores.provenance';
  return {
    positive,
    provenance:
      provenance === undefined ? undefined : decodeScoresProvenance(asObject(provenance, source, where), source),
  };
}

function readEdges(json: unknown, source: string, field: string): Map<string, FileEdge> {
  const edges = new Map<string, FileEdge>();
  const file = asObject(json, source, field);
  for (const name of Object.keys(file)) {
    // The place in the file is spelled for messages alone: there may be millions of edges.
    const where = (key = ''): string => `${field}[${quote(name)}]${key}`;
    const edge = isObject(file[name]) ? file[name] : asObject(file[name], source, where());
    const { score = null, in_graph: inGraph, tested = true, scored = true, step = -1 } = edge;
    if (typeof inGraph !== 'boolean') fail(source, where('.in_graph'), inGraph, 'true or false');
    if (score !== null && typeof score !== 'number') fail(source, where('.score'), score, 'a number');
    if (typeof tested !== 'boolean') fail(source, where('.tested'), tested, 'true or false');
    if (typeof scored !== 'boolean') fail(source, where('.scored'), scored, 'true or false');
    if (step !== -1 && !isCount(step)) fail(source, where('.step'), step, 'an integer from 0');
    const asked = tested && scored;
    const measured = asked && Number.isFinite(score);
    const content = { score: measured ? Number(score) : NaN, inGraph, step };
    edges.set(name, asked && !measured && 'score' in edge ? { ...content, notNumber: true } : content);
  }
  return edges;
}
