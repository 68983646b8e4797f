import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../../base/errors.js';
import { isObject } from '../../base/json/strict-json.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { detailsFit, parseDetails, writeCircuitJson, writeDetails } from '../../files/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { makeFolder } from '../../node/make-folder.js';
import { assertOutput } from '../../node/output.js';
import { readIfThere } from '../../node/probe.js';
import { assertFolder } from '../../node/writable-folder.js';

/** The circuit file that is inspected. */
export interface InspectedFile {
  readonly path: string;
  readonly circuit: Circuit;
  /** What a viewer keeps in it: see CircuitFile. */
  readonly view: unknown;
}

/** The folder that the results of an inspection go to: circuit.json with the worth of its edges, and details.json. */
export class InspectionFolder {
  readonly #file: InspectedFile;
  readonly #circuitPath: string;
  readonly #detailsPath: string;
  readonly folder: string;

  constructor(folder: string, file: InspectedFile) {
    this.folder = folder;
    this.#file = file;
    this.#circuitPath = join(folder, 'circuit.json');
    this.#detailsPath = join(folder, 'details.json');
  }

  /**
   * Makes sure, before any work, that the results can be written. What is there may be the same circuit, with or
   * without the worth of its edges, and its details.
   *
   * @param force replace whatever is there.
   * @returns the paths that will be replaced.
   * @throws EdgewiseError of kind usage.
   */
  async assertUsable(force: boolean): Promise<string[]> {
    await assertFolder(this.folder);
    for (const path of [this.#circuitPath, this.#detailsPath]) await assertOutput(path);
    const [circuit, details] = [await readIfThere(this.#circuitPath), await readIfThere(this.#detailsPath)];
    if (!force) {
      if (circuit !== undefined && !this.#saysTheSame(circuit)) throw await this.#otherCircuit();
      if (details !== undefined && !this.#isOfCircuit(details)) {
        const what = 'is there already and is of another circuit; use --force to replace it, or another --out';
        throw new EdgewiseError('usage', this.#detailsPath, what);
      }
    }
    return [
      ...(circuit === undefined ? [] : [this.#circuitPath]),
      ...(details === undefined ? [] : [this.#detailsPath]),
    ];
  }

  /** @returns the paths that were written. */
  async write(circuit: Circuit, details: CircuitDetails | undefined): Promise<string[]> {
    await makeFolder(this.folder);
    await writeFileAtomically(this.#circuitPath, writeCircuitJson(circuit, this.#file.view));
    if (!details) return [this.#circuitPath];
    await writeFileAtomically(this.#detailsPath, writeDetails(details));
    return [this.#circuitPath, this.#detailsPath];
  }

  /** Whether a circuit.json differs from the one that will be written in the worth of edges at most. */
  #saysTheSame(text: string): boolean {
    const { circuit, view } = this.#file;
    return isDeepStrictEqual(withoutWorth(text), withoutWorth(writeCircuitJson(circuit, view)));
  }

  #isOfCircuit(text: string): boolean {
    try {
      // Whatever they were measured with: that is what an inspection may change.
      const details = parseDetails(text, this.#detailsPath);
      const { inCircuit: _, ...circuit } = this.#file.circuit;
      return detailsFit(details, { ...circuit, provenance: null });
    } catch {
      return false;
    }
  }

  async #otherCircuit(): Promise<EdgewiseError> {
    const [there, inspected] = await Promise.all([this.#circuitPath, this.#file.path].map((path) => realpath(path)));
    const what =
      there === inspected
        ? 'is the inspected file itself, which holds more than its copy would'
        : 'is there already and holds another circuit';
    return new EdgewiseError('usage', this.#circuitPath, `${what}; use --force to replace it, or another --out`);
  }
}

/** A circuit.json without the keys that an inspection makes; undefined where it is no JSON. */
function withoutWorth(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    if (!isObject(json) || !isObject(json['edgewise'])) return json;
    const { in_circuit: _, idle: _idle, curve: _curve, measured_with: _with, ...own } = json['edgewise'];
    return { ...json, edgewise: own };
  } catch {
    return undefined;
  }
}
