import { effect } from '@preact/signals';
import { runForceLayout } from '../../canvas/force-layout.js';
import { sayError } from '../state/messages.js';
import { forceBusy, forcePositions } from '../state/page.js';
import { scene } from '../state/picture.js';
import { viewField } from '../state/view.js';

/** Milliseconds without a new scene, such as a moving slider gives, after which the layout is computed. */
const DELAY = 150;

/** While the force layout is shown: computes it once for each circuit and each set of connected nodes. */
export function followForce(): void {
  let done = '';
  let run = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    clearTimeout(timer);
    if (viewField.layout.value !== 'force') return;
    const { graph } = scene.value;
    const connected = graph.filterNodes((_, node) => node.connected && node.kind !== 'port');
    const key = JSON.stringify([viewField.file.value, connected]);
    if (key === done || graph.order === 0) return;
    timer = setTimeout(() => {
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
  });
}
