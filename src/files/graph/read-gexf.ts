import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import type { ReadCircuit } from '../own/circuit-file.js';
import { appendText, circuitOfGraph, type GraphFileEdge, type GraphValues } from './graph-file.js';
import { lineAt, xmlEvents } from './xml.js';

/** Names of values by the identifiers that `attvalue` uses, and values of nodes or edges that state none. */
interface Declared {
  readonly names: Map<string, string>;
  readonly defaults: Map<string, string>;
}

/**
 * Reads a circuit in GEXF, of any version: ours, or what Gephi and networkx make of it. See `circuitOfGraph` for what
 * such a file holds.
 *
 * @param text the whole file.
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the line, node or edge at fault.
 */
export function readGexf(text: string, source: string): ReadCircuit {
  const fail = (at: number, what: string): never => {
    throw new EdgewiseError('circuit', `${source}, line ${lineAt(text, at)}`, what);
  };
  const declared: ReadonlyMap<string, Declared> = new Map([
    ['node', emptyDeclared()],
    ['edge', emptyDeclared()],
  ]);
  const nodes = new Map<string, GraphValues>();
  const edges: GraphFileEdge[] = [];
  const path: string[] = [];
  /** Values of the node or edge that is open. */
  let values = new Map<string, string>();
  /** What the open `attributes` declare. */
  let declaring: Declared | undefined;
  /** Name of the value that the open `attribute` declares. */
  let declaredName = '';
  let description: string | undefined;
  let hasGraph = false;
  let isDirected = false;

  for (const event of xmlEvents(text, source)) {
    if (event.kind === 'close') {
      path.pop();
      continue;
    }
    if (event.kind === 'text') {
      const inside = path.at(-1);
      if (inside === 'description') description = (description ?? '') + event.text;
      else if (inside === 'default' && declaring) appendText(declaring.defaults, declaredName, event.text);
      continue;
    }
    const { name, attributes, at } = event;
    const needed = (key: string): string => attributes.get(key) ?? fail(at, `<${name}> has no ${key}, expected one`);
    if (path.length === 0 && name !== 'gexf') fail(at, `no <gexf> element: the root is <${name}>`);
    path.push(name);
    switch (name) {
      case 'graph':
        hasGraph = true;
        isDirected = attributes.get('defaultedgetype') === 'directed';
        break;
      case 'attributes':
        declaring = declared.get(attributes.get('class') ?? '');
        break;
      case 'attribute': {
        const id = needed('id');
        // Gephi and networkx number the attributes, and give the name as the title.
        declaredName = /^\d+$/.test(id) ? (attributes.get('title') ?? id) : id;
        declaring?.names.set(id, declaredName);
        break;
      }
      case 'node': {
        const id = needed('id');
        if (path.indexOf('node') < path.length - 1) fail(at, `node ${quote(id)} is inside of another node`);
        if (nodes.has(id)) fail(at, `node ${quote(id)} is there twice`);
        values = new Map(declared.get('node')!.defaults);
        nodes.set(id, values);
        break;
      }
      case 'edge': {
        const ends = { source: needed('source'), target: needed('target') };
        const type = attributes.get('type') ?? (isDirected ? 'directed' : 'undirected');
        if (type !== 'directed') fail(at, `has undirected edges, expected directed ones: type is ${quote(type)}`);
        values = new Map(declared.get('edge')!.defaults);
        for (const key of ['weight', 'kind']) {
          const value = attributes.get(key);
          if (value !== undefined) values.set(key, value);
        }
        edges.push({ id: attributes.get('id') ?? null, ...ends, values });
        break;
      }
      case 'attvalue': {
        const id = attributes.get('for') ?? attributes.get('id') ?? fail(at, '<attvalue> has no for, expected one');
        const owner = path.at(-3) ?? '';
        values.set(declared.get(owner)?.names.get(id) ?? id, needed('value'));
        break;
      }
    }
  }
  if (!hasGraph) fail(0, 'broken GEXF: there is no <graph> element');
  return circuitOfGraph({ source, description, nodes, edges });
}

function emptyDeclared(): Declared {
  return { names: new Map(), defaults: new Map() };
}
