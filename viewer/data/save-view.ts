import { EdgewiseError } from '../../src/base/errors.js';
import { SCHEMA_VERSION, writeCircuitJson } from '../../src/files/own/circuit-json.js';
import { stemOf } from '../../src/files/own/sidecars.js';
import type { CircuitDocument } from './document.js';
import { memberSpan, objectSpan, type Span } from './json-span.js';
import type { SavedView } from './saved-view.js';

/**
 * The circuit's file with the view in it, under `edgewise.view`. Every other character of a JSON file stays as it is.
 * Another format has no place for a view: a file of one becomes a circuit.json.
 *
 * @throws EdgewiseError kind `usage` where a circuit.json would state sizes of the model that nobody knows.
 */
export function withSavedView(document: CircuitDocument, view: SavedView): { name: string; text: string } {
  const { name, text } = document.source;
  if (document.format === 'edgewise' || document.format === 'eap-ig') return { name, text: putView(text, view) };
  assertSizesKnown(document);
  return { name: `${stemOf(name)}.json`, text: putView(writeCircuitJson(document.circuit), view) };
}

/** @throws EdgewiseError kind `usage` where a file of the circuit would state sizes of the model that nobody knows. */
export function assertSizesKnown({ name, sizesKnown }: CircuitDocument): void {
  if (sizesKnown) return;
  const what = 'does not say how many layers and heads its model has, which the file would have to; import says it';
  throw new EdgewiseError('usage', name, `${what}, with --model or with --layers and --heads`);
}

function putView(text: string, view: SavedView): string {
  const file = objectSpan(text, 0);
  const own = memberSpan(text, file, 'edgewise');
  if (!own) return insert(text, file, `"edgewise": {\n"schema_version": ${SCHEMA_VERSION},\n${viewEntry(view)}\n}`);
  const inside = objectSpan(text, own.from);
  const old = memberSpan(text, inside, 'view');
  if (old) return `${text.slice(0, old.from)}${viewValue(view)}${text.slice(old.to)}`;
  return insert(text, inside, viewEntry(view));
}

/** Adds a member at the end of an object. */
function insert(text: string, object: Span, member: string): string {
  const head = text.slice(0, object.to - 1).trimEnd();
  return `${head}${head.endsWith('{') ? '' : ','}\n${member}${text.slice(head.length)}`;
}

function viewEntry(view: SavedView): string {
  return `"view": ${viewValue(view)}`;
}

/** One entry a line. Keys are in snake case, as in the rest of the file. */
function viewValue({ mergePorts, ...view }: SavedView): string {
  const { layout, ...rest } = view;
  const fields = Object.entries({ layout, merge_ports: mergePorts, ...rest }).filter(([, part]) => part !== undefined);
  if (fields.length === 0) return '{}';
  return `{\n${fields.map(([key, part]) => `${JSON.stringify(key)}: ${JSON.stringify(part)}`).join(',\n')}\n}`;
}
