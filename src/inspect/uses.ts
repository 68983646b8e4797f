import type { Circuit } from '../circuit/circuit.js';
import { isAttentionPort } from '../circuit/nodes.js';
import { circuitNodes } from '../circuit/records.js';
import { writersBehind } from '../circuit/reachability.js';
import { mostAttended, standingPositions } from '../circuit/standing-positions.js';
import type { HeadPatterns } from './attention-copies.js';

/** A circuit, and how much each of its edges counts on each prompt: see standingPositions. */
export interface UsedCircuit {
  readonly circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'>;
  readonly weight: (edge: number, prompt: number) => number;
}

/** A kept edge into the value port of a head. Of a port that several heads read, one for each in the circuit. */
export interface ValueRead {
  readonly edge: number;
  /** Writers. */
  readonly sender: number;
  readonly reader: number;
}

/** Which heads of a circuit read a port, as writers. */
export function circuitReaders(circuit: UsedCircuit['circuit']): (port: number) => readonly number[] {
  const { topology } = circuit;
  const nodes = circuitNodes(circuit);
  return (port) => writersBehind(topology, port).filter((writer) => nodes.has(topology.writerName(writer)));
}

/** Every edge into a value that the circuit keeps, by rising id. */
export function valueReads(circuit: UsedCircuit['circuit']): ValueRead[] {
  const { topology, kept } = circuit;
  const readersOf = circuitReaders(circuit);
  return topology.ports.flatMap((port, p) => {
    if (!isAttentionPort(port) || port.branch !== 'v') return [];
    const first = topology.firstEdge(p);
    const senders = Array.from({ length: topology.fanIn(p) }, (_, w) => w).filter((w) => kept.has(first + w));
    if (senders.length === 0) return [];
    const readers = readersOf(p);
    return senders.flatMap((sender) => readers.map((reader) => ({ edge: first + sender, sender, reader })));
  });
}

/** Where outputs are used on some prompts. */
export interface Uses {
  /** Per writer and prompt: see standingPositions. */
  readonly at: readonly (readonly number[])[];
  /** Per value read and prompt the position that the reader attends to most from where it stands. */
  readonly read: readonly (readonly number[])[];
}

/**
 * Where outputs are used.
 *
 * @param prompts consecutive ones. @param first index of the first of them, for the weights.
 * @param attention of the circuit's heads on them.
 */
export function usesOf(
  { circuit, weight }: UsedCircuit,
  reads: readonly ValueRead[],
  prompts: readonly { readonly length: number; readonly position: number }[],
  first: number,
  attention: HeadPatterns,
): Uses {
  const at = standingPositions({ circuit, prompts, attention, weight: (edge, n) => weight(edge, first + n) });
  const read = reads.map(({ reader }) =>
    prompts.map(({ length }, n) => mostAttended(attention.get(reader)![n]!, length, at[reader]![n]!)),
  );
  return { at, read };
}
