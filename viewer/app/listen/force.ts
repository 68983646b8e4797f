import { effect } from '@preact/signals';
import { runForceLayout } from '../../canvas/force-layout.js';
import { forceBusy, forcePositions } from '../state/page.js';
import { sayError } from '../state/messages.js';
import { scene } from '../state/picture.js';
import { viewField } from '../state/view.js';

/** Waits for a slider to come to rest. */
const DELAY = 150;

/** Computes the force layout once per circuit and set of connected nodes, while it is the layout that is shown. */
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
