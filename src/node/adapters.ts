import { EdgewiseError } from '../base/errors.js';
import { diagnoseCard, inOneSentence } from './card/diagnosis.js';
import { selectorsOfEqualCards } from './card/equal-cards.js';
import { thisMachine, type Machine } from './card/machine.js';
import { adapterNames, requestAdapter, type AdapterRequest, type AdapterSource } from './dawn.js';

/** One of this machine's adapters. */
export interface ListedAdapter {
  /** By which `devices` names it; 0 is used by default. */
  readonly number: number;
  /** As the driver gives it. `adapter` takes a part of it. */
  readonly name: string;
  /** It or its equal, to be looked at. A device is opened on an adapter that is asked for anew. */
  readonly adapter: GPUAdapter;
  /** How Dawn is asked for it; undefined where it cannot be told from an equal one. */
  readonly request: AdapterRequest | undefined;
}

const DAWN: AdapterSource = { requestAdapter, adapterNames };

const INSTALL_HINT =
  "no WebGPU adapter was found; run 'npm run setup' in a checkout, or install a Vulkan driver " +
  '(in software on Debian or Ubuntu: mesa-vulkan-drivers and libvulkan1 with Mesa 23 or newer)';

/**
 * All adapters of this machine. Dawn opens adapters by name, so that of equal cards it only ever opens the first: the
 * others are put in its place by Mesa's device selection layer, where that is installed.
 */
export async function listAdapters(source = DAWN, machine = thisMachine()): Promise<ListedAdapter[]> {
  const names = await source.adapterNames();
  const listed: ListedAdapter[] = [];
  for (const [number, name] of names.entries()) {
    const before = names.slice(0, number).filter((other) => other.includes(name));
    const first = await source.requestAdapter({ name });
    if (first === null) continue;
    if (before.length === 0) {
      listed.push({ number, name, adapter: first, request: { name } });
      continue;
    }
    const equal = names.filter((other) => other === name).length;
    const selector = selectorsOfEqualCards(machine, first.info.vendor, equal)?.[before.length];
    listed.push({ number, name, adapter: first, request: selector === undefined ? undefined : { name, selector } });
  }
  return listed;
}

/** Why an adapter of the list cannot be asked for. */
export const NOT_TOLD_APART =
  'has the name of another, and is told from it on Linux alone, where the PCI bus shows as many equal cards ' +
  "and Mesa's device selection layer is installed (package mesa-vulkan-drivers)";

/**
 * The adapter that a caller names.
 *
 * @param asked `cpu`: one in software; `gpu`: one that is none; else part of a name. Default: the fastest.
 * @throws EdgewiseError of kind device where there is none: what there is, or what to install.
 */
export async function chooseAdapter(asked?: string, source = DAWN, machine = thisMachine()): Promise<GPUAdapter> {
  if (asked === undefined || asked === 'gpu') {
    const adapter = await source.requestAdapter({});
    if (adapter === null) throw nothingFound('adapter', machine);
    if (asked === 'gpu' && isSoftware(adapter)) throw noCard(adapter, machine);
    return adapter;
  }
  if (asked === 'cpu') {
    const listed = await listAdapters(source, machine);
    const found = listed.find(({ adapter }) => isSoftware(adapter));
    const names = listed.map(({ name }) => name);
    if (!found) throw notFound(asked, names, 'there is none in software', machine);
    return (await source.requestAdapter({ name: found.name }))!;
  }
  const names = await source.adapterNames();
  const name = names.find((one) => one.includes(asked)) ?? names.find((one) => isPart(asked, one));
  if (name === undefined) throw notFound(asked, names, 'not found', machine);
  return (await source.requestAdapter({ name }))!;
}

/** The numbers of the adapters that equal the chosen one. */
export function equalTo(adapter: GPUAdapter, listed: readonly ListedAdapter[]): number[] {
  return listed.filter((one) => nameOf(one.adapter) === nameOf(adapter)).map(({ number }) => number);
}

export function isSoftware(adapter: GPUAdapter): boolean {
  return adapter.info.isFallbackAdapter;
}

/** Vendor, architecture and driver in words, for provenance and benchmarks. */
export function nameOf({ info }: GPUAdapter): string {
  const words = [info.vendor, info.architecture, info.description].filter((word) => word !== '');
  return words.length > 0 ? words.join(' ') : 'unnamed adapter';
}

/** The adapters in words, for a message: `0 'llvmpipe'`. */
export function inWords(names: readonly string[]): string {
  return names.map((name, number) => `${number} '${name}'`).join(', ');
}

function isPart(asked: string, name: string): boolean {
  return name.toLowerCase().includes(asked.toLowerCase());
}

function notFound(asked: string, names: readonly string[], what: string, machine: Machine): EdgewiseError {
  const where = `adapter '${asked}'`;
  if (names.length === 0) return nothingFound(where, machine);
  return new EdgewiseError('device', where, `${what}; there is ${names.map((name) => `'${name}'`).join(', ')}`);
}

function noCard(adapter: GPUAdapter, machine: Machine): EdgewiseError {
  const diagnosis = diagnoseCard(machine);
  const why = diagnosis ? inOneSentence(diagnosis) : 'this machine shows no card';
  return new EdgewiseError('device', "adapter 'gpu'", `there is only ${nameOf(adapter)}, in software; ${why}`);
}

function nothingFound(where: string, machine: Machine): EdgewiseError {
  const diagnosis = diagnoseCard(machine);
  const what = diagnosis ? `${INSTALL_HINT}; ${inOneSentence(diagnosis)}` : INSTALL_HINT;
  return new EdgewiseError('device', where, what);
}
