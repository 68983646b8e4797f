import { keptEdges, type Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { isAttentionPort, nodeName } from '../../circuit/nodes.js';
import { writersBehind } from '../../circuit/reachability.js';
import { circuitNodes } from '../../circuit/records.js';

/** In bytes. What a larger details.json holds of each prompt is cut down: see writeDetails. */
export const LARGE_DETAILS = 16e6;

/** What the size of details.json depends on. */
export interface DetailsExtent {
  /** Tokens of each prompt. */
  readonly lengths: readonly number[];
  readonly heads: number;
  /** Nodes but `logits`, heads among them. */
  readonly nodes: number;
  /** Lists of effects of edges: those at the decision, and those in the circuit. */
  readonly effectLists: number;
  /** Pairs of a query or key edge and a head that reads it. */
  readonly patternReads: number;
  /** Edges into values. */
  readonly valueEdges: number;
}

/** How much is held of each prompt. */
export type DetailsHeld = 'every prompt' | 'first prompt';

/**
 * About how many bytes details.json will take, known before anything is computed; patterns are what grows.
 *
 * @param held of which prompts rows with an edge cut, and attention on the corrupted prompts, are held.
 */
export function estimateDetailsBytes(extent: DetailsExtent, held: DetailsHeld = heldOf(extent)): number {
  const { lengths, heads, nodes, effectLists, patternReads, valueEdges } = extent;
  const triangles = (of: readonly number[]): number => of.reduce((sum, n) => sum + (n * (n + 1)) / 2, 0);
  const tokens = (of: readonly number[]): number => of.reduce((sum, n) => sum + n, 0);
  const some = held === 'every prompt' ? lengths : lengths.slice(0, 1);
  const BYTES_OF = {
    share: 3.5,
    number: 11,
    small: 3,
    text: 9,
    prompt: 900,
    node: 1300,
    head: 7300,
    edge: 40,
    row: 60,
  };
  // A head stands at the measured position as often as not.
  const rows = 1.5 * patternReads;
  return (
    BYTES_OF.share * heads * (triangles(lengths) + triangles(some)) +
    rows * (BYTES_OF.row * some.length + 2 * BYTES_OF.share * tokens(some)) +
    BYTES_OF.head * heads +
    BYTES_OF.number * lengths.length * (2 * nodes + effectLists + 2) +
    2 * BYTES_OF.small * lengths.length * nodes +
    BYTES_OF.text * 2 * tokens(lengths) +
    BYTES_OF.prompt * lengths.length +
    BYTES_OF.node * nodes +
    BYTES_OF.edge * (effectLists + patternReads) +
    (BYTES_OF.edge + 400) * valueEdges
  );
}

/** All prompts unless the file would be large. */
export function heldOf(extent: DetailsExtent): DetailsHeld {
  return estimateDetailsBytes(extent, 'every prompt') > LARGE_DETAILS ? 'first prompt' : 'every prompt';
}

/** The extent of the details that a circuit will have. @param lengths tokens of each prompt. */
export function extentOfCircuit(circuit: Circuit, lengths: readonly number[]): DetailsExtent {
  const { topology, kept } = circuit;
  const nodes = circuitNodes(circuit);
  const heads = topology.writers.filter((node) => node.kind === 'head' && nodes.has(nodeName(node)));
  let [patternReads, valueEdges] = [0, 0];
  topology.ports.forEach((reader, port) => {
    if (!isAttentionPort(reader)) return;
    const readers = writersBehind(topology, port).filter((writer) => nodes.has(topology.writerName(writer))).length;
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      if (!kept.has(topology.firstEdge(port) + writer)) continue;
      if (reader.branch === 'v') valueEdges += Math.min(1, readers);
      else patternReads += readers;
    }
  });
  return {
    lengths,
    heads: heads.length,
    nodes: nodes.size - 1,
    effectLists: 2 * keptEdges(circuit),
    patternReads,
    valueEdges,
  };
}

/** The extent of details that are there. */
export function extentOf({ prompts, nodes, edges, inCircuit, reads, writtenThrough }: CircuitDetails): DetailsExtent {
  const heads = Object.values(nodes).filter(({ attention }) => attention !== null);
  return {
    lengths: prompts.map(({ clean }) => clean.length),
    heads: heads.length,
    nodes: Object.keys(nodes).length,
    effectLists: Object.keys(edges).length + Object.keys(inCircuit).length,
    patternReads: Object.values(reads).reduce(
      (sum, [rows = []]) => sum + new Set(rows.map(({ head }) => head)).size,
      0,
    ),
    valueEdges: Object.keys(writtenThrough).length,
  };
}
