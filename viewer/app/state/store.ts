import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { toCircuitData, type CircuitData, type EdgeRecord } from '../../data/circuit-data.js';
import type { CircuitDocument } from '../../data/document.js';
import { compare, strongest, type Comparison } from '../../view/compare.js';
import { replay } from '../../view/replay.js';
import { search } from '../../view/search.js';
import { select, type Selection } from '../../view/selection.js';
import { DEFAULT_VIEW, type ViewState } from '../../view/view-state.js';
import { buildScene } from '../../scene/build-scene.js';
import { legendOf } from '../../scene/style/legend.js';
import { PALETTES, type Palette } from '../../scene/style/palette.js';
import { focusOn, stylesOf, type Focus, type StyleContext } from '../../scene/style/style.js';
import type { Scene } from '../../scene/scene.js';
import type { Stage } from '../../canvas/stage.js';

// State of the viewer: a few signals that are written to, and all that is derived from them. What is derived depends on
// single fields of the view, so that hover and theme restyle the scene without building it anew.

export const documents = signal<ReadonlyMap<string, CircuitDocument>>(new Map());
export const view = signal<ViewState>(DEFAULT_VIEW);

/** Changes some of what the reader sees; fields that are not named keep their identity. */
export function update(patch: Partial<ViewState>): void {
  view.value = { ...view.peek(), ...patch };
}

export interface Message {
  readonly kind: 'error' | 'info';
  readonly text: string;
}

export const messages = signal<readonly Message[]>([]);

export function say(kind: Message['kind'], text: string): void {
  if (messages.peek().some((message) => message.text === text)) return;
  messages.value = [...messages.peek().slice(-3), { kind, text }];
}

export function sayError(error: unknown): void {
  say('error', error instanceof Error ? error.message : String(error));
}

/** Files are being read. */
export const loading = signal(true);
/** The display node or edge that the pointer or the keyboard is on. */
export const hovered = signal<string | null>(null);
/** What a screen reader is told. */
export const spoken = signal('');
export const aspect = signal(1.5);
export const systemDark = signal(false);
export const stage = signal<Stage | null>(null);
/** Positions of the force layout, and whether they are being computed. */
export const forcePositions = signal<Readonly<Record<string, readonly [number, number]>> | null>(null);
export const forceBusy = signal(false);
/** The panel is open; its width in CSS pixels. */
export const panelOpen = signal(true);
export const panelWidth = signal(410);
/** Which dialog or inline form is open. */
export const dialog = signal<'help' | 'group' | null>(null);
export const exportOpen = signal(false);

const fields = Object.fromEntries(
  Object.keys(DEFAULT_VIEW).map((key) => [key, computed(() => view.value[key as keyof ViewState])]),
) as { readonly [K in keyof ViewState]: ReadonlySignal<ViewState[K]> };

/** The view, of which the caller depends on the named fields only. */
function viewOf(...keys: readonly (keyof ViewState)[]): ViewState {
  for (const key of keys) void fields[key].value;
  return view.peek();
}

/** One field of the view: changes only when that field does. */
export const viewField: typeof fields = fields;

export const current = computed(() => documents.value.get(fields.file.value ?? '') ?? null);
export const other = computed(() => {
  const name = fields.compareWith.value;
  return name === null || name === fields.file.value ? null : (documents.value.get(name) ?? null);
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

/** The document's own circuit, without comparison and replay. */
export const ownData = computed(() =>
  current.value ? toCircuitData(current.value.circuit, fields.sign.value) : EMPTY,
);
export const otherData = computed(() => (other.value ? toCircuitData(other.value.circuit, fields.sign.value) : null));
/** Both circuits of a comparison are cut to so many of their strongest edges; null = as they are. */
export const matched = signal<number | null>(null);
export const comparison = computed<Comparison | null>(() => {
  const [a, b, count] = [ownData.value, otherData.value, matched.value];
  if (!b) return null;
  return count === null ? compare(a, b) : compare(strongest(a, count), strongest(b, count));
});

export const data = computed<CircuitData>(() => {
  if (comparison.value) return comparison.value.data;
  const step = fields.step.value;
  const trace = current.value?.trace ?? null;
  return step !== null && trace ? replay(ownData.value, trace, step) : ownData.value;
});

export const selection = computed(() =>
  select(data.value, viewOf('scope', 'limitBy', 'limit', 'ports', 'kinds', 'layers', 'blink')),
);
/** More edges than this are drawn when the slider rests; until then the strongest so many stand for them. */
const AT_ONCE = 1000;
const rested = signal<Selection | null>(null);
effect(() => {
  const all = selection.value;
  if (all.edges.length <= AT_ONCE) return undefined;
  const timer = setTimeout(() => (rested.value = all), 300);
  return () => clearTimeout(timer);
});
let preview: Selection | null = null;
/** The edges that are drawn, or so far. */
export const drawnSelection = computed<Selection>(() => {
  const all = selection.value;
  if (all.edges.length <= AT_ONCE || rested.value === all) return all;
  const edges = all.edges.slice(0, AT_ONCE);
  if (preview?.edges.every((edge, i) => edge === edges[i])) return preview; // no step of the slider changes it
  preview = { ...all, edges, nodes: new Set(edges.flatMap(({ source, target }) => [source, target])) };
  return preview;
});
/** What the query finds among the edges that are chosen, and among all nodes. */
export const found = computed(() =>
  search({ ...data.value, edges: selection.value.edges }, fields.query.value, fields.groups.value),
);

const SCENE_FIELDS = ['layout', 'mergePorts', 'hideUnconnected', 'groups', 'pinned', 'positions', 'notes'] as const;
export const scene = computed<Scene>(() =>
  buildScene(data.value, drawnSelection.value, viewOf(...SCENE_FIELDS), {
    aspect: aspect.value,
    force: fields.layout.value === 'force' ? forcePositions.value : null,
    found: found.value,
  }),
);

export const theme = computed<'light' | 'dark'>(() => {
  const chosen = fields.theme.value;
  return chosen === 'auto' ? (systemDark.value ? 'dark' : 'light') : chosen;
});
export const palette = computed<Palette>(() => PALETTES[theme.value]);

/** The display node or edge that is selected, where it is drawn. */
export const selectedShown = computed(() => {
  const id = fields.selected.value;
  if (id === null) return null;
  const { graph } = scene.value;
  if (graph.hasNode(id) || graph.hasEdge(id)) return id;
  return displayEdgeOf.value.get(id) ?? displayNodeOf.value.get(id) ?? null;
});

export const focus = computed<Focus | null>(() => {
  const { graph } = scene.value;
  const on = hovered.value;
  const id = on !== null && (graph.hasNode(on) || graph.hasEdge(on)) ? on : selectedShown.value;
  return id === null ? null : focusOn(graph, id);
});
export const styleContext = computed<StyleContext>(() => ({
  palette: palette.value,
  hue: fields.hue.value,
  focus: focus.value,
  selected: selectedShown.value,
}));
export const styles = computed(() => stylesOf(scene.value.graph, styleContext.value));

/** The document of those shown that does not say what a positive score means. */
export const unsigned = computed(() => [current.value, other.value].find((one) => one?.signStated === false) ?? null);
/** Whether it is known what a positive effect means. */
export const signKnown = computed(() => unsigned.value === null || fields.sign.value !== 'as-stated');
export const legend = computed(() =>
  legendOf(scene.value, {
    palette: palette.value,
    hue: fields.hue.value,
    focus: null,
    selected: null,
    signKnown: signKnown.value,
    comparing: current.value && other.value ? { a: current.value.name, b: other.value.name } : null,
  }),
);

/** Names of circuit edges -> the display edges that stand for them. */
export const displayEdgeOf = computed(() => {
  const shown = new Map<string, string>();
  scene.value.graph.forEachEdge((id, { edges }) => {
    for (const edge of edges) shown.set(edge, id);
  });
  return shown;
});
/** Names of circuit nodes -> the display nodes that stand for them (ports aside). */
export const displayNodeOf = computed(() => {
  const shown = new Map<string, string>();
  scene.value.graph.forEachNode((id, { kind, members }) => {
    if (kind !== 'port') for (const member of members) shown.set(member, id);
  });
  return shown;
});

/** Decisions of the trace by edge. */
export const decisions = computed(() => new Map((current.value?.trace ?? []).map((step) => [step.edge, step])));

export type Selected =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'group'; readonly name: string; readonly members: readonly string[] }
  /** `others`: edges that are drawn as one with it. */
  | { readonly kind: 'edge'; readonly edge: EdgeRecord; readonly others: readonly EdgeRecord[] };

/** What the card shows: the selection in terms of the circuit. */
export const selected = computed<Selected | null>(() => {
  const id = fields.selected.value;
  if (id === null) return null;
  const { edgeById, nodeById } = data.value;
  const { graph } = scene.value;
  const edge = edgeById.get(id);
  if (edge) {
    const shown = displayEdgeOf.value.get(id);
    const others = shown === undefined ? [] : graph.getEdgeAttributes(shown).edges.filter((name) => name !== id);
    return { kind: 'edge', edge, others: others.flatMap((name) => edgeById.get(name) ?? []) };
  }
  if (nodeById.has(id)) return { kind: 'node', id };
  if (!graph.hasNode(id)) return null;
  const node = graph.getNodeAttributes(id);
  const member = node.members[0];
  if (node.kind !== 'group') return member === undefined ? null : { kind: 'node', id: member };
  const group = fields.groups.value.find(({ members }) => members.includes(member ?? ''));
  return group ? { kind: 'group', ...group } : null;
});

/** Several changes as one. */
export { batch };
