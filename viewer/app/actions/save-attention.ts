import { drawingOf, type Attention } from '../../attention/attention.js';
import { attentionSvg } from '../../attention/attention-svg.js';
import { promptWords } from '../../attention/words.js';
import type { AttentionView } from '../../view/view-state.js';
import type { Picture } from '../../../src/pictures/svg-element.js';
import { plural } from '../../view/format.js';
import type { Store } from '../state/store.js';
import { printAlone } from './print.js';
import { download, named, pngOf } from './save.js';

/** Sides of a cell in a picture. */
const SIDE = 10;
/** Width of a picture of lines. */
const LINES = 260;

export function saveAttentionSvg(store: Store, attention: Attention, as: AttentionView['as']): void {
  const { svg } = picture(store, attention, as);
  download(named(store, 'attention.svg'), new Blob([svg], { type: 'image/svg+xml' }));
}

export async function saveAttentionPng(store: Store, attention: Attention, as: AttentionView['as']): Promise<void> {
  download(named(store, 'attention.png'), await pngOf(picture(store, attention, as)));
}

export function printAttention(store: Store, attention: Attention, as: AttentionView['as']): Promise<void> {
  return printAlone(picture(store, attention, as), named(store, 'attention.pdf'));
}

/** Every pattern with its tokens, side by side. */
function picture(store: Store, attention: Attention, as: AttentionView['as']): Picture {
  const { current, palette, nodeLabel } = store;
  const { shown, run } = attention;
  const room = { width: LINES, labelled: true, least: SIDE, most: SIDE };
  const drawings = shown.patterns.map((pattern) => ({
    name: nodeLabel(pattern.head),
    drawing: drawingOf(attention, pattern, as, room),
  }));
  const from = current.peek()?.circuit?.provenance;
  const where = from ? `${from.task.name}, ${from.model.name}` : (current.peek()?.name ?? '');
  return attentionSvg(drawings, {
    title: `Attention of ${plural(drawings.length, 'head')}: ${where}, ${promptWords(shown.prompt, null)}`,
    caption: RUN_WORDS[run](shown.most),
    columns: Math.ceil(Math.sqrt(1.5 * drawings.length)),
    palette: palette.peek(),
  });
}

const RUN_WORDS: Readonly<Record<AttentionView['run'], (most: number) => string>> = {
  clean: () => 'Clean prompt. Full colour = all of the attention of a query. ▸ = a query that the circuit uses.',
  corrupted: () =>
    'Corrupted prompt. Full colour = all of the attention of a query. ▸ = a query that the circuit uses.',
  difference: (most) =>
    `Clean minus corrupted. Orange = more on the clean prompt, violet = more on the corrupted one; full colour = ${most.toFixed(2)}.`,
};
