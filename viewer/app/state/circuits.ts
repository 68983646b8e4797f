import { computed, signal } from '@preact/signals';
import { refuseOtherPorts } from '../../../src/circuit/comparison.js';
import { toCircuitData, type CircuitData } from '../../data/circuit-data.js';
import type { CircuitDocument } from '../../data/document.js';
import { compare, strongest, type Comparison } from '../../view/compare.js';
import { replay } from '../../view/replay.js';
import { viewField } from './view.js';

/** Every document that is open, by name. */
export const documents = signal<ReadonlyMap<string, CircuitDocument>>(new Map());

/** The document that is shown. */
export const current = computed(() => documents.value.get(viewField.file.value ?? '') ?? null);

/** The document that the shown one is compared with. */
export const other = computed(() => {
  const name = viewField.compareWith.value;
  return name === null || name === viewField.file.value ? null : (documents.value.get(name) ?? null);
});

const EMPTY: CircuitData = {
  layers: 0,
  heads: 0,
  parallel: false,
  nodes: [],
  edges: [],
  nodeById: new Map(),
  edgeById: new Map(),
};

/** The circuit of the shown document, without comparison and replay. */
export const ownData = computed(() => (current.value ? dataOf(current.value) : EMPTY));

/** The circuit of the other document. */
export const otherData = computed(() => (other.value ? dataOf(other.value) : null));

function dataOf({ circuit, sizesKnown }: CircuitDocument): CircuitData {
  return toCircuitData(circuit, viewField.sign.value, sizesKnown);
}

/** Whether every shown document states the sizes of its model. */
export const sizesKnown = computed(() => [current.value, other.value].every((one) => one?.sizesKnown !== false));

/** Why the other document cannot be compared with the shown one. Null: it can. */
export const incomparable = computed<string | null>(() => {
  const [a, b] = [current.value, other.value];
  if (!a || !b) return null;
  try {
    refuseOtherPorts(a.circuit.topology, b.circuit.topology, [a.name, b.name]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
});

/** Both circuits of a comparison are cut to this number of their strongest edges. Null = they are not cut. */
export const matched = signal<number | null>(null);

export const comparison = computed<Comparison | null>(() => {
  const [a, b, count] = [ownData.value, otherData.value, matched.value];
  if (!b || incomparable.value !== null) return null;
  return count === null ? compare(a, b) : compare(strongest(a, count), strongest(b, count));
});

/** The circuit that the page shows: the union of a comparison, a moment of a replay, or the document's own circuit. */
export const data = computed<CircuitData>(() => {
  if (comparison.value) return comparison.value.data;
  const step = viewField.step.value;
  const trace = current.value?.trace ?? null;
  return step !== null && trace ? replay(ownData.value, trace, step) : ownData.value;
});

/** The first shown document that does not say what a positive score means. */
export const unsigned = computed(() => [current.value, other.value].find((one) => one?.signStated === false) ?? null);

/** Whether it is known what a positive effect means. */
export const signKnown = computed(() => unsigned.value === null || viewField.sign.value !== 'as-stated');

/** Decisions of the trace by edge. */
export const decisions = computed(() => new Map((current.value?.trace ?? []).map((step) => [step.edge, step])));
