import { EdgewiseError } from '../../../src/base/errors.js';
import { CIRCUIT_WRITERS, type CircuitFormat } from '../../../src/files/index.js';
import type { CircuitDocument, ViewerDocument } from '../../data/document.js';
import { assertSizesKnown, withSavedView } from '../../data/save-view.js';
import type { SavedView } from '../../data/saved-view.js';
import { saveSource } from '../../data/sources.js';
import type { Picture } from '../../../src/pictures/svg-element.js';
import { writeSvg } from '../../scene/draw/svg.js';
import { stylesOf } from '../../scene/style/style.js';
import { plural } from '../../view/format.js';
import { encodeView } from '../../view/url-state.js';
import { DEFAULT_VIEW } from '../../view/view-state.js';
import type { Store } from '../state/store.js';

/** Pixels of a PNG per pixel of the picture, in each direction. */
const SCALE = 2;

/** What the picture shows, on one line. */
function title({ current, comparison, selection, view }: Store): string {
  const document = current.peek();
  const count = selection.peek().edges.length;
  const from = document?.circuit?.provenance;
  const what = from ? `${from.task.name}, ${from.model.name}, ${from.method}` : (document?.name ?? '');
  const against = comparison.peek() ? ` and ${view.peek().compareWith}` : '';
  return `${what}${against}: ${plural(count, 'edge')}`;
}

/** Name of the open file with another ending. */
export function named({ current }: Store, ending: string): string {
  return `${(current.peek()?.name ?? 'circuit').replace(/\.(jsonl?|gexf|graphml|xml)$/i, '').replaceAll(/[\\/]/g, '-')}.${ending}`;
}

export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The whole drawing with its title and its legend, whatever the camera shows. */
export function picture(store: Store): Picture {
  const { stage, scene, palette, legend, styleContext } = store;
  const width = 1400;
  const height = Math.round(width / (stage.peek()?.aspect() ?? 1.5));
  // What the pointer happens to light up is no part of the picture. What is selected is a part of it.
  const styles = stylesOf(scene.peek().graph, { ...styleContext.peek(), focus: null });
  const svg = writeSvg(scene.peek(), styles, palette.peek(), legend.peek(), { title: title(store), width, height });
  return { svg, width, height };
}

export function saveSvg(store: Store): void {
  download(named(store, 'svg'), new Blob([picture(store).svg], { type: 'image/svg+xml' }));
}

/** The same picture as pixels. */
export async function savePng(store: Store): Promise<void> {
  download(named(store, 'png'), await pngOf(picture(store)));
}

/** An SVG as an image, which is loaded. */
export async function imageOf({ svg, width, height }: Picture): Promise<HTMLImageElement> {
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  return image;
}

/** An SVG as a PNG. @throws Error where it is too large for the browser. */
export async function pngOf(drawn: Picture): Promise<Blob> {
  const { width, height } = drawn;
  const image = await imageOf(drawn);
  const canvas = document.createElement('canvas');
  canvas.width = SCALE * width;
  canvas.height = SCALE * height;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The browser could not make a PNG of this size.');
  return blob;
}

export function downloadCircuit(store: Store, format: CircuitFormat): void {
  const open = store.current.peek();
  if (!open) return;
  assertCircuit(open);
  assertSizesKnown(open);
  const type = format === 'json' ? 'application/json' : 'application/xml';
  download(named(store, format), new Blob([CIRCUIT_WRITERS[format](open.circuit)], { type }));
}

/** The address that shows what is seen now. */
function linkToView({ view }: Store): string {
  const { origin, pathname, search } = location;
  return `${origin === 'null' ? 'file://' : origin}${pathname}${search}#${encodeView(view.peek())}`;
}

/** Copies the link to the view. @returns what was done, in words. */
export async function copyLink(store: Store): Promise<string> {
  const link = linkToView(store);
  try {
    await navigator.clipboard.writeText(link);
    return 'The link is on the clipboard.';
  } catch {
    return `The browser does not allow copying. The link is the page's address: ${link.slice(0, 200)}`;
  }
}

/**
 * Writes the view into the circuit's file. If the page cannot write the file, the reader gets it as a download.
 *
 * @returns what was done, in words.
 */
export async function saveView(store: Store): Promise<string | void> {
  const open = store.current.peek();
  if (!open) return undefined;
  assertCircuit(open);
  const { name, text } = withSavedView(open, savedView(store));
  if (open.source.saveTo !== null) {
    await saveSource(open.source, text);
    return `Saved into ${name}.`;
  }
  download(name, new Blob([text], { type: 'application/json' }));
  return undefined;
}

/** @throws EdgewiseError kind `usage` where the document is an attribution graph. */
function assertCircuit(document: ViewerDocument): asserts document is CircuitDocument {
  if (document.circuit) return;
  const what = 'is an attribution graph, which is not written here; a link keeps the view';
  throw new EdgewiseError('usage', document.name, what);
}

/** The fields of the view that a file keeps. Fields with their defaults are left out. */
function savedView({ view }: Store): SavedView {
  const { layout, mergePorts, pinned, groups, notes, positions, sign } = view.peek();
  const parts = Object.entries({ layout, mergePorts, pinned, groups, notes, positions, sign });
  return Object.fromEntries(
    parts.filter(([field, part]) => JSON.stringify(part) !== JSON.stringify(DEFAULT_VIEW[field as keyof SavedView])),
  );
}
