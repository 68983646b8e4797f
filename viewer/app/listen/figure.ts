// The bundler gives the file a default export.
// oxlint-disable-next-line import/default
import FigureWorker from '../../canvas/figure-worker.ts?worker&inline';
import { createFigurePlanner } from '../../canvas/figure-planner.js';
import type { Store } from '../state/store.js';

/** Plans figures in a worker. Each better plan makes a new scene. */
export function followFigure({ planner }: Store): () => void {
  const { plan, dispose } = createFigurePlanner(
    () => new FigureWorker(),
    () => (planner.value = (input) => plan(input)),
  );
  planner.value = plan;
  return dispose;
}
