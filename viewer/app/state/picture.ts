import { computed } from '@preact/signals';
import { buildScene } from '../../scene/build-scene.js';
import type { Scene } from '../../scene/scene.js';
import { focusAlong, focusOn, type Focus } from '../../scene/style/focus.js';
import { legendOf } from '../../scene/style/legend.js';
import { PALETTES, type Palette } from '../../scene/style/palette.js';
import { stylesOf, type StyleContext } from '../../scene/style/style.js';
import { reachBetween, reachOf, type Reach } from '../../view/reach.js';
import { decisionAt } from '../../view/replay.js';
import type { Circuits } from './circuits.js';
import type { Edges } from './edges.js';
import type { Page } from './page.js';
import type { View } from './view.js';

const SCENE_FIELDS = [
  'layout',
  'mergePorts',
  'hideUnconnected',
  'groups',
  'pinned',
  'positions',
  'notes',
  'scope',
] as const;

const TOKENS_FIELDS = ['prompt'] as const;

export type Drawn = ReturnType<typeof createPicture>;

/**
 * What is drawn. Each signal depends on single fields of the view: hover and theme restyle a scene, and build none.
 */
export function createPicture(store: View & Circuits & Edges & Page) {
  const { viewField, viewOf, current, other, comparison, data, ownData, signKnown, measure, numberWords } = store;
  const { drawnSelection, found, aspect, forcePositions, planner, hovered, lit, systemDark } = store;

  const isTokens = () => viewField.layout.value === 'tokens';

  /** The last decision of the moment that is replayed. Null where nothing is. */
  const replayed = computed(() => {
    const [step, trace] = [viewField.step.value, current.value?.trace ?? null];
    return step !== null && trace && !comparison.value ? { decision: decisionAt(trace, step) } : null;
  });

  const scene = computed<Scene>(() =>
    buildScene(data.value, drawnSelection.value, viewOf(...SCENE_FIELDS, ...(isTokens() ? TOKENS_FIELDS : [])), {
      aspect: aspect.value,
      ...(viewField.layout.value === 'figure' ? { planner: planner.value } : {}),
      force: viewField.layout.value === 'force' ? forcePositions.value : null,
      found: found.value,
      details: isTokens() && !other.value ? (current.value?.details ?? null) : null,
      deciding: replayed.value?.decision?.edge ?? null,
      end: replayed.value ? ownData.value : null,
    }),
  );

  /** Display edges by the name of a circuit edge that they stand for. */
  const displayEdgeOf = computed(() => {
    const shown = new Map<string, string>();
    scene.value.graph.forEachEdge((id, { edges }) => {
      for (const edge of edges) shown.set(edge, id);
    });
    return shown;
  });

  /** Display nodes, ports aside, by the name of a circuit node that they stand for. */
  const displayNodeOf = computed(() => {
    const shown = new Map<string, string>();
    scene.value.graph.forEachNode((id, { kind, members }) => {
      if (kind !== 'port') for (const member of members) shown.set(member, id);
    });
    return shown;
  });

  /** The display node or display edge that is selected. Null when it is not drawn. */
  const selectedShown = computed(() => {
    const id = viewField.selected.value;
    if (id === null) return null;
    const { graph } = scene.value;
    if (graph.hasNode(id) || graph.hasEdge(id)) return id;
    return displayEdgeOf.value.get(id) ?? displayNodeOf.value.get(id) ?? null;
  });

  const theme = computed<'light' | 'dark'>(() => {
    const chosen = viewField.theme.value;
    return chosen === 'auto' ? (systemDark.value ? 'dark' : 'light') : chosen;
  });
  const palette = computed<Palette>(() => PALETTES[theme.value]);

  /** What lies up and down from what is selected, or between the two pinned nodes. Null where nothing is asked for. */
  const reach = computed<Reach | null>(() => {
    const shown = drawnSelection.value.edges;
    const id = selectedShown.value;
    if (id !== null) {
      const { graph } = scene.value;
      const names = graph.hasEdge(id) ? graph.getEdgeAttributes(id).edges : graph.getNodeAttributes(id).members;
      return reachOf(data.value, shown, names);
    }
    const [a, b, ...more] = viewField.pinned.value;
    if (a === undefined || b === undefined || more.length > 0) return null;
    const between = reachBetween(data.value, shown, [a, b]);
    return between.edges.size > 0 ? between : null;
  });

  /**
   * What lights up: what the panel points at, or what the pointer is on with its edges, or else all that lies up and
   * down from what is selected.
   */
  const focus = computed<Focus | null>(() => {
    const { graph } = scene.value;
    if (lit.value) return focusAlong(graph, lit.value);
    const on = hovered.value;
    if (on !== null && (graph.hasNode(on) || graph.hasEdge(on))) return focusOn(graph, on);
    return reach.value && focusAlong(graph, reach.value);
  });

  const styleContext = computed<StyleContext>(() => ({
    palette: palette.value,
    hue: viewField.hue.value,
    focus: focus.value,
    selected: selectedShown.value,
  }));
  const styles = computed(() => stylesOf(scene.value.graph, styleContext.value));

  const legend = computed(() =>
    legendOf(scene.value, {
      palette: palette.value,
      hue: viewField.hue.value,
      focus: null,
      selected: null,
      signKnown: signKnown.value,
      measure: measure.value,
      words: numberWords.value,
      comparing: current.value && other.value ? { a: current.value.name, b: other.value.name } : null,
    }),
  );

  return { scene, displayEdgeOf, displayNodeOf, selectedShown, theme, palette, focus, styleContext, styles, legend };
}
