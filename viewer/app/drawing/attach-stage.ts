import { effect, untracked } from '@preact/signals';
import { createStage } from '../../canvas/sigma/sigma-stage.js';
import type { Stage, StageEvents } from '../../canvas/stage.js';
import type { Target } from '../../scene/pick/pick.js';
import type { Scene } from '../../scene/scene.js';
import { choose } from '../actions/choose.js';
import { pinShown, togglePins } from '../actions/marks.js';
import type { Store } from '../state/store.js';

/**
 * Makes a drawing surface in `container`, and connects it with the state.
 *
 * @returns takes the surface away again.
 */
export function attachStage(store: Store, container: HTMLElement): () => void {
  const { stage } = store;
  const surface = createStage(container, eventsOf(store, container));
  stage.value = surface;
  const stopMeasuring = measureAspect(store, container);
  const stopDrawing = drawScenes(store, surface);
  return () => {
    stopDrawing();
    stopMeasuring();
    surface.dispose();
    stage.value = null;
  };
}

/** What the state does when the reader does something on the surface. */
function eventsOf(store: Store, container: HTMLElement): StageEvents {
  const { hovered, scene, view, pointed, update, say } = store;
  return {
    hover(target) {
      const id = idOf(target);
      // What the keyboard is on stays when the pointer leaves another mark.
      if (id !== null || hovered.peek() === pointed.peek()) hovered.value = id;
      pointed.value = id;
    },
    click(target, additive) {
      container.focus({ preventScroll: true });
      const id = idOf(target);
      if (id === null) choose(store, null);
      else if (additive) pinShown(store, id);
      else choose(store, id);
    },
    moved(node, x, y) {
      const { positions } = view.peek();
      const layout = scene.peek().layout;
      update({ positions: { ...positions, [layout]: { ...positions[layout], [node]: [x, y] } } });
    },
    boxed(nodes) {
      const { graph } = scene.peek();
      const members = nodes.flatMap((id) => (graph.hasNode(id) ? graph.getNodeAttributes(id).members : []));
      const fresh = [...new Set(members)].filter((id) => !view.peek().pinned.includes(id));
      if (fresh.length > 0) togglePins(store, fresh);
    },
    failed: (message) => say('error', message),
  };
}

function idOf(target: Target | null): string | null {
  if (!target) return null;
  return 'node' in target ? target.node : target.edge;
}

/** Keeps the aspect ratio, in steps of 0.02, at that of the container. */
function measureAspect({ aspect }: Store, container: HTMLElement): () => void {
  const measure = (): void => {
    const ratio = Math.round((50 * container.clientWidth) / container.clientHeight) / 50;
    if (Number.isFinite(ratio) && ratio > 0) aspect.value = ratio;
  };
  measure();
  const observer = new ResizeObserver(measure);
  observer.observe(container);
  return () => observer.disconnect();
}

/** Draws each new scene, and the same scene again in each new style. */
function drawScenes(store: Store, surface: Stage): () => void {
  const { forcePositions, scene, palette, styles, sayError } = store;
  let shown: Scene | null = null;
  let fitted = '';
  let forced = forcePositions.peek();
  return effect(() => {
    try {
      const drawn = scene.value;
      const [style, colors] = [styles.value, palette.value];
      if (shown === drawn) {
        surface.restyle(style, colors);
        return;
      }
      shown = drawn;
      const key = untracked(() => fitKey(store, drawn));
      const places = forcePositions.peek();
      surface.show(drawn, style, colors, { fit: key !== fitted || places !== forced });
      fitted = key;
      forced = places;
    } catch (error) {
      sayError(error);
    }
  });
}

/**
 * A scene with another key is fitted: another circuit, another layout or another shape of the surface. Another choice
 * of edges moves nodes in the force layout. In the figure and the tokens layout it may make the whole larger.
 */
function fitKey({ current, data, aspect, viewField }: Store, { layout, graph, bounds, boxed }: Scene): string {
  const moved = boxed && viewField.positions.value[layout] !== undefined;
  const size = [bounds.left, bounds.right, bounds.bottom, bounds.top].map(Math.round);
  return JSON.stringify([
    current.value?.name,
    layout,
    aspect.value,
    data.value.layers,
    viewField.hideUnconnected.value,
    // A box that the reader drags makes the whole larger, too: the camera stays.
    ...(layout === 'force' ? [graph.order, graph.size] : boxed && !moved ? size : []),
  ]);
}
