import type { CircuitGraph, EdgeAttributes, GraphAttributes } from './circuit-graph.js';
import { appearance } from './appearance.js';
import type { Rgb } from './colors.js';
import { columnText, describe, edgeColumns, edgeWeight, nodeColumns, type Column } from './columns.js';
import { xmlText } from './xml-text.js';

/**
 * The graph as GEXF 1.3, written so that Gephi, networkx (from 3.6, the first to know this version) and graphology-gexf
 * all read it without loss: attribute types are declared and do not depend on values; parallel edges differ in `kind`
 * (Gephi merges those that don't) and repeat it as `port` (networkx drops `kind`); colours are r, g, b (networkx fails
 * on `hex`); no schemaLocation and no date; numbers in their shortest exact form. Node and edge ids are the graph's
 * keys, that is the names of nodes and edges.
 */
export function writeGexf(graph: CircuitGraph): string {
  const attributes = graph.getAttributes();
  const { provenance } = attributes;
  const look = appearance(graph);
  const nodesHave = nodeColumns(graph);
  const edgesHave = edgeColumns(graph);
  const nodes = graph.mapNodes((name, node) => {
    const values = attvalues(nodesHave, node, attributes);
    const place = `<viz:position x="${node.x}" y="${node.y}" z="0.0"/>`;
    const viz = `${color(look.nodeColor(node))}${place}<viz:size value="${look.nodeSize(node)}"/>`;
    return `      <node${text('id', name)}${text('label', node.label)}>${values}${viz}</node>`;
  });
  const edges = graph.mapEdges((name, edge, source, target) => {
    const width = look.edgeWidth(edge);
    const values = attvalues([...edgesHave, sizeColumn(width)], edge, attributes);
    const ends = `${text('id', name)}${text('source', source)}${text('target', target)}`;
    const viz = `${color(look.edgeColor(edge))}<viz:thickness value="${width}"/>`;
    return `      <edge${ends} weight="${edgeWeight(edge)}"${text('kind', edge.port)}>${values}${viz}</edge>`;
  });
  const keywords = provenance ? [provenance.task.name, provenance.model.name, provenance.method].join(', ') : 'circuit';
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<gexf version="1.3" xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz">',
    '  <meta>',
    `    <creator>${xmlText(provenance ? `Edgewise ${provenance.engineVersion}` : 'Edgewise')}</creator>`,
    `    <keywords>${xmlText(keywords)}</keywords>`,
    `    <description>${xmlText(describe(attributes))}</description>`,
    '  </meta>',
    '  <graph mode="static" defaultedgetype="directed" idtype="string">',
    declaration('node', nodesHave),
    declaration('edge', [...edgesHave, sizeColumn(0)]),
    '    <nodes>',
    ...nodes,
    '    </nodes>',
    '    <edges>',
    ...edges,
    '    </edges>',
    '  </graph>',
    '</gexf>',
    '',
  ].join('\n');
}

/** An edge's width once more: sigma reads `size`, and graphology-gexf makes `thickness` of the other one. */
function sizeColumn(width: number): Column<EdgeAttributes> {
  return { name: 'size', type: 'double', value: () => width };
}

function declaration<T>(of: 'node' | 'edge', columns: readonly Column<T>[]): string {
  const lines = columns.map(({ name, type }) => `      <attribute id="${name}" title="${name}" type="${type}"/>\n`);
  return `    <attributes class="${of}">\n${lines.join('')}    </attributes>`;
}

function attvalues<T>(columns: readonly Column<T>[], row: Readonly<T>, graph: Readonly<GraphAttributes>): string {
  const values = columns.map((column) => {
    const value = columnText(column.value(row, graph));
    return value === null ? '' : `<attvalue for="${column.name}"${text('value', value)}/>`;
  });
  return `<attvalues>${values.join('')}</attvalues>`;
}

function color([r, g, b]: Rgb): string {
  return `<viz:color r="${r}" g="${g}" b="${b}"/>`;
}

function text(name: string, value: string): string {
  return ` ${name}="${xmlText(value)}"`;
}
