import type { CircuitGraph, GraphAttributes } from './circuit-graph.js';
import { columnText, describe, edgeColumns, nodeColumns, type Column } from './columns.js';
import { xmlText } from './xml-text.js';

const TYPES: Readonly<Record<Column<never>['type'], string>> = {
  string: 'string',
  integer: 'int',
  double: 'double',
  boolean: 'boolean',
};

/**
 * The graph as GraphML. An edge's `id` must be an XML name token there, which `a0.h0->a1.h0<q>` is not: edges are
 * numbered as they come, and their names stand in the data `name`. GraphML has no word for a layout, so it is left out.
 */
export function writeGraphml(graph: CircuitGraph): string {
  const attributes = graph.getAttributes();
  const nodesHave = nodeColumns(graph);
  const edgesHave = edgeColumns(graph);
  const nodes = graph.mapNodes((name, node) => {
    return `    <node id="${xmlText(name)}">${data('n', nodesHave, node, attributes)}</node>`;
  });
  const edges = graph.edges().map((name, i) => {
    const ends = `source="${xmlText(graph.source(name))}" target="${xmlText(graph.target(name))}"`;
    const values = data('e', edgesHave, graph.getEdgeAttributes(name), attributes);
    return `    <edge id="e${i}" ${ends}><data key="e_name">${xmlText(name)}</data>${values}</edge>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    `  <desc>${xmlText(describe(attributes))}</desc>`,
    ...nodesHave.map(({ name, type }) => key('n', 'node', name, TYPES[type])),
    key('e', 'edge', 'name', 'string'),
    ...edgesHave.map(({ name, type }) => key('e', 'edge', name, TYPES[type])),
    '  <graph edgedefault="directed">',
    ...nodes,
    ...edges,
    '  </graph>',
    '</graphml>',
    '',
  ].join('\n');
}

function key(prefix: string, of: 'node' | 'edge', name: string, type: string): string {
  return `  <key id="${prefix}_${name}" for="${of}" attr.name="${name}" attr.type="${type}"/>`;
}

function data<T>(
  prefix: string,
  columns: readonly Column<T>[],
  row: Readonly<T>,
  graph: Readonly<GraphAttributes>,
): string {
  const values = columns.map((column) => {
    const value = columnText(column.value(row, graph));
    return value === null ? '' : `<data key="${prefix}_${column.name}">${xmlText(value)}</data>`;
  });
  return values.join('');
}
