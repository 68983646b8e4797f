import { effect } from '@preact/signals';
import { runForceLayout } from '../../canvas/force-layout.js';
import type { Store } from '../state/store.js';

/** Milliseconds without a new scene, such as a moving slider gives, after which the layout is computed. */
const DELAY = 150;

/** While the force layout is shown: computes it once for each circuit and each set of connected nodes. */
export function followForce({ forcePositions, forceBusy, scene, viewField, sayError }: Store): () => void {
  let done = '';
  let run = 0;
  return effect(() => {
    if (viewField.layout.value !== 'force') return undefined;
    const { graph } = scene.value;
    const connected = graph.filterNodes((_, node) => node.connected && node.kind !== 'port');
    const key = JSON.stringify([viewField.file.value, connected]);
    if (key === done || graph.order === 0) return undefined;
    const timer = setTimeout(() => {
      const id = ++run;
      forceBusy.value = true;
      runForceLayout(graph)
        .then((positions) => {
          if (id !== run) return;
          done = key;
          forcePositions.value = positions;
        }, sayError)
        .finally(() => {
          if (id === run) forceBusy.value = false;
        });
    }, DELAY);
    return () => clearTimeout(timer);
  });
}
