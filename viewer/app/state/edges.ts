import { computed, signal } from '@preact/signals';
import { shownFaithfulness } from '../../view/curve.js';
import { keepsToPaths } from '../../view/pool.js';
import { search } from '../../view/search.js';
import { select, type Selection } from '../../view/selection.js';
import type { Circuits } from './circuits.js';
import type { View } from './view.js';

/**
 * The most edges that are drawn while the slider moves. A larger selection is drawn when the slider rests. Until then
 * its strongest edges, this number of them, stand for it.
 */
export const AT_ONCE = 1000;

export type Edges = ReturnType<typeof createEdges>;

export function createEdges({
  viewField,
  viewOf,
  data,
  ownData,
  currentCircuit,
  comparison,
  measure,
}: View & Circuits) {
  /** Edges that lie on no path are left out. */
  const pathsOnly = computed(
    () => currentCircuit.value !== null && keepsToPaths(viewOf('onPaths'), currentCircuit.value),
  );

  /** The view without what is left open: the fields on which the selection depends. */
  const limits = computed(() => ({
    ...viewOf('scope', 'limitBy', 'limit', 'ports', 'kinds', 'layers', 'blink'),
    onPaths: pathsOnly.value,
  }));

  /** The edges that the slider and the filters let through. */
  const selection = computed(() => select(data.value, limits.value));

  /** How much of the behaviour the shown circuit restores. Null without a document. */
  const faithfulness = computed(() => {
    const alone = !comparison.value && viewField.step.value === null;
    return (
      currentCircuit.value &&
      shownFaithfulness(
        currentCircuit.value,
        alone ? ownData.value : null,
        selection.value,
        limits.value,
        measure.value,
      )
    );
  });

  /** The last selection on which the slider rested. */
  const rested = signal<Selection | null>(null);

  let preview: Selection | null = null;

  /** The edges that are drawn now. */
  const drawnSelection = computed<Selection>(() => {
    const all = selection.value;
    if (all.edges.length <= AT_ONCE || rested.value === all) return all;
    const edges = all.edges.slice(0, AT_ONCE);
    // Most steps of the slider do not change the strongest edges: the same object spares a new scene.
    if (preview?.edges.every((edge, i) => edge === edges[i])) return preview;
    preview = { ...all, edges, nodes: new Set(edges.flatMap(({ source, target }) => [source, target])) };
    return preview;
  });

  /** What the query finds: edges of the selection, and nodes of the whole circuit. */
  const found = computed(() =>
    search({ ...data.value, edges: selection.value.edges }, viewField.query.value, viewField.groups.value),
  );

  return { pathsOnly, selection, limits, faithfulness, rested, drawnSelection, found };
}
