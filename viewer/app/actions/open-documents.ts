import { batch } from '@preact/signals';
import { keptEdges } from '../../../src/circuit/circuit.js';
import { isInstrument, parseInstrument } from '../../../src/files/index.js';
import { firstToOpen } from '../../data/first-to-open.js';
import type { SourceFile, ViewerDocument } from '../../data/document.js';
import { openDocument } from '../../data/open-document.js';
import { DEFAULT_VIEW, type ViewState } from '../../view/view-state.js';
import type { Store } from '../state/store.js';

/** The fields of a view that belong to a circuit. The other fields belong to the reader, and stay for all circuits. */
const OWN_FIELDS = [
  'scope',
  'limitBy',
  'limit',
  'onPaths',
  'layers',
  'query',
  'selected',
  'pinned',
  'groups',
  'notes',
  'positions',
  'sign',
  'step',
  'blink',
  'prompt',
] as const satisfies readonly (keyof ViewState)[];

function ownFields(state: ViewState): Partial<ViewState> {
  return Object.fromEntries(OWN_FIELDS.map((field) => [field, state[field]]));
}

/** Shows a document with the view that it was left with, or else with the view of its file. */
export function showDocument({ documents, leftViews, view, update }: Store, name: string): void {
  const document = documents.peek().get(name);
  const before = view.peek();
  if (!document || before.file === name) return;
  if (before.file !== null) leftViews.set(before.file, ownFields(before));
  const compareWith = before.compareWith === name ? null : before.compareWith;
  update({
    ...ownFields(DEFAULT_VIEW),
    ...(leftViews.get(name) ?? document.savedView),
    file: name,
    compareWith,
  });
}

/** The name of a file. It has a number when another circuit of that name is open: `circuit.json (2)`. */
function freeName({ documents }: Store, { name, text }: SourceFile): string {
  let free = name;
  for (let i = 2; ; i++) {
    const open = documents.peek().get(free);
    if (!open || open.source.text === text) return free;
    free = `${name} (${i})`;
  }
}

/** Opens the result of an instrument; one of the same name is replaced. */
function openResult({ results, chosenResult, update }: Store, { name, text }: SourceFile, show: boolean): void {
  const others = results.peek().filter((result) => result.name !== name);
  results.value = [...others, { name, file: parseInstrument(text, name) }];
  if (!show) return;
  chosenResult.value = name;
  update({ tab: 'results' });
}

/**
 * Opens circuits and results of instruments. If `show`, the first one that can be read is shown. Failures become
 * messages.
 */
export function openSources(store: Store, sources: readonly SourceFile[], show: boolean): void {
  const { documents, leftViews, view, update, say, sayError } = store;
  batch(() => {
    const opened: ViewerDocument[] = [];
    for (const source of sources) {
      try {
        if (isInstrument(source.text)) {
          openResult(store, source, show);
          continue;
        }
        const document = openDocument({ ...source, name: freeName(store, source) });
        documents.value = new Map([...documents.peek(), [document.name, document]]);
        opened.push(document);
      } catch (error) {
        sayError(error);
      }
    }
    for (const document of opened) {
      leftViews.delete(document.name);
      for (const warning of document.warnings) say('info', warning);
    }
    const first = opened[0];
    if (!first || !show) return;
    if (view.peek().file === first.name) update({ file: null });
    showDocument(store, first.name);
  });
}

/**
 * Shows the document that the URL names, once the first files are read. Fields that the URL leaves out are the file's.
 *
 * @param untold the URL says neither a file nor anything of a view. Then the document is chosen that has most to tell,
 *   as a figure.
 */
export function showFirst(store: Store, untold: boolean): void {
  const { documents, view, update, say } = store;
  const opened = documents.peek();
  const { file } = view.peek();
  const unnamed = untold ? firstToOpen(opened.values()) : opened.values().next().value;
  const named = file === null ? unnamed : opened.get(file);
  const first = named ?? unnamed;
  if (!first) return;
  if (file !== null && !named) say('info', `The link names ${file}, which is not open.`);
  if (named) {
    const state = view.peek();
    const saved = Object.entries(first.savedView ?? {}).filter(([field]) => isDefault(state, field as keyof ViewState));
    const figure = untold && isFigure(first) ? { layout: 'figure' as const } : {};
    update({ ...figure, ...Object.fromEntries(saved), file: first.name });
  } else {
    update({ file: null });
    showDocument(store, first.name);
  }
}

/** More edges than these are no legible figure. */
const FIGURE = 150;

function isFigure({ circuit, scoresOnly }: ViewerDocument): boolean {
  return circuit !== null && !scoresOnly && keptEdges(circuit) <= FIGURE;
}

function isDefault(state: ViewState, field: keyof ViewState): boolean {
  return JSON.stringify(state[field]) === JSON.stringify(DEFAULT_VIEW[field]);
}
