import { choose, clear } from '../actions/choose.js';
import { toggleBlink } from '../actions/comparing.js';
import { moreEdges, togglePort } from '../actions/limits.js';
import { nextLayout, toggleTheme } from '../actions/looks.js';
import { groupCandidates, pinSelected } from '../actions/marks.js';
import { togglePlay } from '../actions/playback.js';
import { moveInSteps } from '../actions/undo.js';
import { walkTo } from '../actions/walk.js';
import type { Store } from '../state/store.js';

interface Binding {
  /** Values of KeyboardEvent.key. */
  readonly keys: readonly string[];
  /** The keys as the help shows them. */
  readonly shown: string;
  readonly does: string;
  readonly run: (store: Store, key: string) => void;
  /** The key works only while no control has the focus: controls use the key themselves. */
  readonly onStage?: boolean;
}

const DIRECTIONS = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' } as const;
const PORT_KEYS = { '1': 'q', '2': 'k', '3': 'v' } as const;

/** Every key of the viewer, without those that are pressed with Ctrl. */
const BINDINGS: readonly Binding[] = [
  {
    keys: Object.keys(DIRECTIONS),
    shown: '← ↑ → ↓',
    does: 'walk the graph',
    run: (store, key) => walkTo(store, DIRECTIONS[key as keyof typeof DIRECTIONS]),
    onStage: true,
  },
  { keys: ['Enter'], shown: 'Enter', does: 'open the card of the node', run: selectHovered, onStage: true },
  { keys: ['p'], shown: 'P', does: 'pin or unpin', run: pinSelected },
  { keys: ['g'], shown: 'G', does: 'group selected and pinned nodes', run: askGroup },
  { keys: ['['], shown: '[', does: 'fewer edges', run: (store) => moreEdges(store, -1) },
  { keys: [']'], shown: ']', does: 'more edges', run: (store) => moreEdges(store, 1) },
  {
    keys: Object.keys(PORT_KEYS),
    shown: '1 2 3',
    does: 'edges into q, k, v on and off',
    run: (store, key) => togglePort(store, PORT_KEYS[key as keyof typeof PORT_KEYS]),
  },
  {
    keys: ['m'],
    shown: 'M',
    does: 'merge q, k and v',
    run: ({ view, update }) => update({ mergePorts: !view.peek().mergePorts }),
  },
  { keys: ['l'], shown: 'L', does: 'next layout', run: nextLayout },
  { keys: ['f'], shown: 'F', does: 'fit', run: ({ stage }) => stage.peek()?.fit() },
  { keys: ['+', '='], shown: '+', does: 'zoom in', run: ({ stage }) => stage.peek()?.zoom(1.3) },
  { keys: ['-'], shown: '−', does: 'zoom out', run: ({ stage }) => stage.peek()?.zoom(1 / 1.3) },
  { keys: ['d'], shown: 'D', does: 'dark or light', run: toggleTheme },
  { keys: ['c'], shown: 'C', does: 'blink between two circuits', run: toggleBlink },
  { keys: [' '], shown: 'Space', does: 'play or pause the history', run: play, onStage: true },
  { keys: ['e'], shown: 'E', does: 'export', run: ({ exportOpen }) => (exportOpen.value = !exportOpen.peek()) },
  { keys: ['/'], shown: '/', does: 'search', run: ({ searchBox }) => searchBox.current?.focus() },
  {
    keys: ['?'],
    shown: '?',
    does: 'this help',
    run: ({ dialog }) => (dialog.value = dialog.peek() === 'help' ? null : 'help'),
  },
  { keys: ['Escape'], shown: 'Esc', does: 'close and clear, one at a time', run: clear },
];

/** Keys that are pressed with Ctrl, or with Cmd. They work wherever the focus is, text boxes aside. */
const CHORDS: readonly (Omit<Binding, 'run'> & { readonly shift?: boolean; readonly run: (store: Store) => void })[] = [
  { keys: ['z'], shown: 'Ctrl-Z', does: 'undo', run: (store) => moveInSteps(store, -1) },
  { keys: ['z'], shift: true, shown: 'Ctrl-Shift-Z', does: 'redo', run: (store) => moveInSteps(store, 1) },
  { keys: ['y'], shown: 'Ctrl-Y', does: 'redo', run: (store) => moveInSteps(store, 1) },
];

/** What keys do, for the help. */
export const KEY_HELP: readonly Pick<Binding, 'shown' | 'does'>[] = [...BINDINGS, ...CHORDS];

/** The gestures of the pointer, for the help. */
export const POINTER_HELP: readonly (readonly [string, string])[] = [
  ['point', 'lights up connected nodes'],
  ['click', 'opens a card'],
  ['double click', 'centres a node; elsewhere zooms in'],
  ['Ctrl-click', 'pins'],
  ['drag a node', 'moves it; its place is kept'],
  ['Shift-drag', 'pins the nodes in a box'],
  ['wheel', 'zooms'],
];

/** Milliseconds after which a key that is down counts as held. */
const HELD = 350;

/** Runs what the keys are bound to, for keys that go down on `target` or in it. */
export function listenToKeys(store: Store, target: GlobalEventHandlers & EventTarget): () => void {
  const stop = new AbortController();
  const byKey = new Map(BINDINGS.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)));
  const press = (event: KeyboardEvent): void => {
    if (event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (event.ctrlKey || event.metaKey) return pressChord(store, event);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const binding = byKey.get(key);
    if (key.length === 1 && !(store.letterKeys.peek() && isOnDrawing(event.target, target))) return;
    if (!binding || (binding.onStage && usesKeys(event.target))) return;
    if (store.dialog.peek() !== null && key !== 'Escape') return;
    event.preventDefault();
    if (key === 'c' && event.repeat) return;
    binding.run(store, key);
  };
  target.addEventListener('keydown', press, { signal: stop.signal });
  holdToBlink(store, target, stop.signal);
  return () => stop.abort();
}

function pressChord(store: Store, event: KeyboardEvent): void {
  const key = event.key.toLowerCase();
  const chord = CHORDS.find(({ keys, shift = false }) => keys.includes(key) && shift === event.shiftKey);
  if (!chord || store.dialog.peek() !== null) return;
  event.preventDefault();
  chord.run(store);
}

/** Whether the drawing has the focus, or nothing in the viewer has: then a key is for the drawing. */
function isOnDrawing(focused: EventTarget | null, viewer: EventTarget): boolean {
  if (focused === viewer || focused === document.body) return true;
  return focused instanceof Element && focused.closest('.stage') !== null;
}

/** While the blink key is held, the other circuit is shown. When the key comes up, the view is as before. */
function holdToBlink(
  { comparison, letterKeys, view, update }: Store,
  target: GlobalEventHandlers & EventTarget,
  signal: AbortSignal,
): void {
  let down: { readonly at: number; readonly before: 'a' | 'b' | null } | null = null;
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'c' || event.repeat || !letterKeys.peek() || !comparison.peek()) return;
    if (!isOnDrawing(event.target, target)) return;
    down = { at: event.timeStamp, before: view.peek().blink };
  };
  const release = (event: KeyboardEvent): void => {
    if (event.key !== 'c' || !down) return;
    if (event.timeStamp - down.at > HELD) update({ blink: down.before });
    down = null;
  };
  target.addEventListener('keydown', press, { capture: true, signal });
  target.addEventListener('keyup', release, { signal });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Whether the element itself answers to arrows, Enter or Space. */
function usesKeys(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, input, [role=separator]') !== null;
}

function selectHovered(store: Store): void {
  const id = store.hovered.peek();
  if (id !== null) choose(store, id);
}

function askGroup(store: Store): void {
  const { spoken, dialog, say } = store;
  if (groupCandidates(store).length > 1) dialog.value = 'group';
  else {
    spoken.value = 'Pin two nodes first, then group them.';
    say('info', 'Select or pin at least two heads or MLPs first (Ctrl-click or P). Then group them.');
  }
}

function play(store: Store): void {
  if (store.view.peek().tab === 'history') togglePlay(store);
}
