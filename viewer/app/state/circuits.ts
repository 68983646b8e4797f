import { computed, signal } from '@preact/signals';
import { refuseOtherPorts } from '../../../src/circuit/comparison.js';
import { toAttributionData } from '../../data/attribution-data.js';
import { toCircuitData, type CircuitData } from '../../data/circuit-data.js';
import type { ViewerDocument } from '../../data/document.js';
import { signIsKnown } from '../../data/measure.js';
import { compare, strongest, type Comparison } from '../../view/compare.js';
import { ATTRIBUTION_WORDS, measureDrawn, measureWords } from '../../view/measure-words.js';
import { replay } from '../../view/replay.js';
import type { ViewState } from '../../view/view-state.js';
import type { View } from './view.js';

const EMPTY: CircuitData = {
  layers: 0,
  heads: 0,
  parallel: false,
  nodes: [],
  edges: [],
  nodeById: new Map(),
  edgeById: new Map(),
};

export type Circuits = ReturnType<typeof createCircuits>;

/** The open documents, and what is known of those that are shown. */
export function createCircuits({ viewField, viewOf }: View) {
  /** Every document that is open, by name. */
  const documents = signal<ReadonlyMap<string, ViewerDocument>>(new Map());

  /** The view of each document when another one was chosen. */
  const leftViews = new Map<string, Partial<ViewState>>();

  /** The document that is shown. */
  const current = computed(() => documents.value.get(viewField.file.value ?? '') ?? null);

  /** The document that the shown one is compared with. */
  const other = computed(() => {
    const name = viewField.compareWith.value;
    return name === null || name === viewField.file.value ? null : (documents.value.get(name) ?? null);
  });

  /** The documents that are shown: one, or the two of a comparison. */
  const shownDocuments = computed(() => [current.value, other.value].filter((one) => one !== null));

  /** Their circuits. An attribution graph has none. */
  const shownCircuits = computed(() => shownDocuments.value.flatMap(({ circuit }) => circuit ?? []));

  /** The document that is shown, where it is a circuit. */
  const currentCircuit = computed(() => (current.value?.circuit ? current.value : null));

  /** The number by which edges are drawn. */
  const measure = computed(() => measureDrawn(viewOf('drawnBy', 'scope', 'step'), ...shownCircuits.value));

  /** The circuit of the shown document, without comparison and replay. */
  const ownData = computed(() => (current.value ? dataOf(current.value) : EMPTY));

  /** The circuit of the other document. */
  const otherData = computed(() => (other.value ? dataOf(other.value) : null));

  function dataOf(document: ViewerDocument): CircuitData {
    if (!document.circuit) return toAttributionData(document.graph);
    return toCircuitData(document.circuit, viewField.sign.value, document.sizesKnown, measure.value);
  }

  /** Whether every shown document states the sizes of its model. */
  const sizesKnown = computed(() => shownDocuments.value.every((one) => one.sizesKnown));

  /** Why the other document cannot be compared with the shown one. Null: it can. */
  const incomparable = computed<string | null>(() => {
    const [a, b] = [current.value, other.value];
    if (!a || !b) return null;
    if (!a.circuit || !b.circuit) {
      const { name } = a.circuit ? b : a;
      return `${name} is an attribution graph: its nodes are features of one prompt, which no other file has.`;
    }
    try {
      refuseOtherPorts(a.circuit.topology, b.circuit.topology, [a.name, b.name]);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });

  /** Both circuits of a comparison are cut to this number of their strongest edges. Null = they are not cut. */
  const matched = signal<number | null>(null);

  const comparison = computed<Comparison | null>(() => {
    const [a, b, count] = [ownData.value, otherData.value, matched.value];
    if (!b || incomparable.value !== null) return null;
    return count === null ? compare(a, b) : compare(strongest(a, count), strongest(b, count));
  });

  /**
   * The circuit that the page shows: the union of a comparison, a moment of a replay, or the document's own circuit.
   */
  const data = computed<CircuitData>(() => {
    if (comparison.value) return comparison.value.data;
    const step = viewField.step.value;
    const trace = current.value?.trace ?? null;
    return step !== null && trace ? replay(ownData.value, trace, step) : ownData.value;
  });

  /** The first shown document that does not say what a positive score means. */
  const unsigned = computed(() => shownDocuments.value.find(({ signStated }) => !signStated) ?? null);

  /** Whether it is known what a positive number of an edge means, of those by which edges are drawn. */
  const signKnown = computed(() =>
    shownDocuments.value.every(({ circuit }) => circuit && signIsKnown(circuit, viewField.sign.value, measure.value)),
  );

  /** What that number is. */
  const numberWords = computed(() =>
    shownCircuits.value.length > 0
      ? measureWords(shownCircuits.value, measure.value, viewField.sign.value)
      : ATTRIBUTION_WORDS,
  );

  /** Decisions of the trace by edge. */
  const decisions = computed(() => new Map((current.value?.trace ?? []).map((step) => [step.edge, step])));

  /** The label of a node of the circuit. */
  function nodeLabel(id: string): string {
    return data.value.nodeById.get(id)?.label ?? id;
  }

  /** Index of the prompt that cards show. Null = mean over the prompts. */
  const shownPrompt = computed(() => {
    const prompt = viewField.prompt.value;
    const count = current.value?.details?.prompts.length ?? 0;
    return prompt !== null && prompt >= 0 && prompt < count ? prompt : null;
  });

  return {
    documents,
    leftViews,
    current,
    other,
    shownDocuments,
    shownCircuits,
    currentCircuit,
    measure,
    ownData,
    otherData,
    sizesKnown,
    incomparable,
    matched,
    comparison,
    data,
    unsigned,
    signKnown,
    numberWords,
    decisions,
    shownPrompt,
    nodeLabel,
  };
}
