import type { Circuit, Provenance } from '../../circuit/circuit.js';
import { toGraph, type CircuitGraph, type GraphOptions, type NodeAttributes } from '../graph/circuit-graph.js';
import { nodeRecords } from '../../circuit/records.js';
import { describe } from '../graph/columns.js';
import { encodeProvenance } from '../own/provenance-json.js';
import { asArray, asObject, readJson } from '../../base/json/json-fields.js';
import { fnv1a } from '../../base/fnv.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';

export interface AttributionGraphOptions extends GraphOptions {
  /** What stands over the columns of the graph: a prompt's tokens, where the caller has one. */
  readonly prompt?: readonly string[];
  /** The model's name in the viewer, where it is another one: `gpt2-small` is Neuronpedia's for GPT-2. */
  readonly scan?: string;
}

/** Two, because the viewer drops nodes whose feature is in more than two thirds of the columns. */
const NO_PROMPT = ['(earlier positions)', '(all positions)'];

/**
 * The circuit as an attribution graph, the JSON that the viewers of circuit-tracer and Neuronpedia read.
 *
 * That format is of features at positions. A circuit's nodes have no position: all stand in the column of the last
 * token. Its links have no ports: a link's weight is the sum of the effects of the q, k and v edges between two nodes
 * (1 each, where nothing of the circuit is measured). `influence` is the cumulative share of node strength, strongest
 * first, by which the viewers prune; `node_threshold` 1 shows all. The probability at the logits, which the viewers
 * read out of the label, is 0: a circuit has none. A layer without a node of the circuit has one node all the same,
 * without links: Neuronpedia's page needs a row for each layer.
 */
export function writeAttributionGraph(circuit: Circuit, options: AttributionGraphOptions = {}): string {
  const graph = withEveryLayer(toGraph(circuit, options), circuit);
  const { provenance, layers } = graph.getAttributes();
  const tokens = (options.prompt?.length ?? 0) >= 2 ? options.prompt! : NO_PROMPT;
  const column = tokens.length - 1;
  const influence = cumulativeInfluence(graph);
  const features = new Map(graph.nodes().map((name, i) => [name, i]));
  const ids = new Map(graph.mapNodes((name, node) => [name, nodeId(node, features.get(name)!, layers, column)]));
  const nodes = graph.mapNodes((name, node) =>
    JSON.stringify({
      node_id: ids.get(name),
      feature: features.get(name),
      layer: layerOf(node, layers),
      ctx_idx: column,
      feature_type: FEATURE_TYPES[node.kind],
      jsNodeId: `${layerOf(node, layers)}_${features.get(name)}-0`,
      clerp: node.kind === 'logits' ? 'Output "logits" (p=0.000)' : describeNode(node),
      token_prob: 0,
      is_target_logit: node.kind === 'logits',
      run_idx: 0,
      reverse_ctx_idx: 0,
      influence: influence.get(name) ?? null,
      activation: null,
    }),
  );
  const links = [...linkWeights(graph)].map(([pair, weight]) => {
    const [source, target] = pair.split('->') as [string, string];
    return JSON.stringify({ source: ids.get(source), target: ids.get(target), weight });
  });
  const scan = options.scan ?? provenance?.model.name ?? 'unknown';
  const content = JSON.stringify([provenance && encodeProvenance(provenance), scan, tokens, nodes, links]);
  const metadata = {
    slug: slug(provenance, content),
    scan,
    transcoder_list: [],
    prompt_tokens: tokens,
    prompt: textOf(tokens),
    node_threshold: 1,
    schema_version: 1,
    info: {
      description: describe(graph.getAttributes()),
      generator: { name: 'Edgewise', ...(provenance ? { version: provenance.engineVersion } : {}) },
    },
  };
  const qParams = { pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '' };
  return jsonFile('{}', [
    entry('metadata', metadata),
    entry('qParams', qParams),
    block('nodes', '[]', nodes),
    block('links', '[]', links),
  ]);
}

/**
 * `graph-metadata.json` of a folder of attribution graphs, by which circuit-tracer's viewer lists them: what it said so
 * far, with `graph` added or replaced.
 *
 * @param list the file as it is there; undefined where there is none.
 * @throws EdgewiseError kind `circuit` where it is something else.
 */
export function withListedGraph(
  list: string | undefined,
  source: string,
  graph: string,
): { readonly slug: string; readonly list: string } {
  const { metadata } = JSON.parse(graph) as { metadata: { slug: string } };
  const file = list === undefined ? {} : asObject(readJson(list, source), source, 'the file');
  const graphs = asArray(file['graphs'] ?? [], source, 'graphs');
  const others = graphs.filter((one, i) => asObject(one, source, `graphs[${i}]`)['slug'] !== metadata.slug);
  return { slug: metadata.slug, list: `${JSON.stringify({ ...file, graphs: [...others, metadata] }, null, 1)}\n` };
}

/** Types the viewers do not know are drawn as circles, `lorsa` (attention features) as triangles. */
const FEATURE_TYPES: Readonly<Record<NodeAttributes['kind'], string>> = {
  input: 'embedding',
  head: 'lorsa',
  kv: 'lorsa',
  mlp: 'mlp',
  logits: 'logit',
};

function nodeId(node: NodeAttributes, feature: number, layers: number, column: number): string {
  return `${layerOf(node, layers)}_${feature}_${column}`;
}

function layerOf({ kind, layer }: NodeAttributes, layers: number): string {
  if (kind === 'input') return 'E';
  return String(kind === 'logits' ? layers + 1 : layer);
}

function describeNode({ kind, label, layer, head, kvGroup }: NodeAttributes): string {
  if (kind === 'kv') return `keys and values ${layer}.${kvGroup} (${label})`;
  if (kind === 'head') return `head ${layer}.${head} (${label})`;
  return kind === 'mlp' ? `MLP ${layer} (${label})` : 'input: token embeddings';
}

/** By `source->target`, in the order of edges. Direct edges, from a head to itself, are no link. */
function linkWeights(graph: CircuitGraph): Map<string, number> {
  const measured = graph.someEdge((_, edge) => edge.effect !== null);
  const weights = new Map<string, number>();
  graph.forEachEdge((_, edge, source, target) => {
    if (edge.kind === 'direct') return;
    const pair = `${source}->${target}`;
    const weight = measured || edge.kind === 'shared' ? (edge.effect ?? 0) : 1;
    weights.set(pair, (weights.get(pair) ?? 0) + weight);
  });
  return weights;
}

/**
 * Share of the sum of node strengths that a node and all stronger ones hold; none for `input` and `logits`, which
 * always show.
 */
function cumulativeInfluence(graph: CircuitGraph): Map<string, number> {
  const strengths = new Map<string, number>();
  graph.forEachNode((name, { kind }) => {
    if (kind === 'input' || kind === 'logits') return;
    strengths.set(
      name,
      graph.reduceOutEdges(
        name,
        (sum, _, { kind: of, effect }) => sum + (of === 'direct' ? 0 : Math.abs(effect ?? 0)),
        0,
      ),
    );
  });
  const total = [...strengths.values()].reduce((sum, strength) => sum + strength, 0) || 1;
  let reached = 0;
  const strongestFirst = [...strengths].toSorted(([, a], [, b]) => b - a);
  return new Map(strongestFirst.map(([name, strength]) => [name, Math.min(1, (reached += strength) / total)]));
}

/** What tells circuits in one folder apart. */
function slugWords({ model, task, method, metric, threshold, selection }: Provenance): (string | number)[] {
  const chosen = threshold !== null ? [threshold] : selection ? [selection.rule, selection.limit] : [];
  return [model.name, task.name, method, metric, ...chosen];
}

/**
 * A name for people, and the hash of all that the graph says: two graphs never have one name, whatever script the names
 * of their tasks are in, and the same graph keeps its name.
 */
function slug(provenance: Provenance | null, content: string): string {
  const words = provenance ? slugWords(provenance) : ['circuit'];
  const text = words.join('-').toLowerCase();
  return `${text.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'circuit'}-${fnv1a(content)}`;
}

/** The text of a prompt. Tokens of whole words do not hold the blanks between them. */
function textOf(tokens: readonly string[]): string {
  return tokens.join(tokens.some((token) => /\s/u.test(token)) ? '' : ' ');
}

/** The graph with a node in each layer of the model: the first one of a layer that has none. */
function withEveryLayer(graph: CircuitGraph, { topology }: Circuit): CircuitGraph {
  const there = new Set(graph.mapNodes((_, { layer }) => layer));
  for (const { id, ...node } of nodeRecords(topology, [])) {
    if (there.has(node.layer)) continue;
    there.add(node.layer);
    graph.addNode(id, { ...node, label: id, tokens: null, x: 0, y: 0 });
  }
  return graph;
}
