import { keptEdges } from '../../src/circuit/circuit.js';
import { stemOf } from '../../src/files/own/sidecars.js';
import type { ViewerDocument } from './document.js';

/** How the reader gets what a document lacks: details, effects in the circuit, the curve. */
export interface HowToMeasure {
  readonly text: string;
  /** Commands for a shell, one after another. Words in capitals are for the reader to fill in. None: nothing can be. */
  readonly commands: readonly string[];
}

/**
 * What can be measured of a document, and by which commands. A file that names its model and its task says both. For
 * others the reader has to.
 */
export function howToMeasure(document: ViewerDocument): HowToMeasure {
  const { circuit, name } = document;
  if (!circuit) {
    return {
      text: 'An attribution graph is of features. Edgewise measures heads and MLPs: it cannot add to this file.',
      commands: [],
    };
  }
  const file = argument(name, 'CIRCUIT');
  const known = circuit.provenance;
  const model = argument(known?.model.name ?? '', 'MODEL');
  const task = argument(known?.task.name ?? '', 'TASK');
  const inspect = (path: string): string => `edgewise inspect --model ${model} --task ${task} --circuit ${path}`;
  const whole = document.scoresOnly || keptEdges(circuit) === circuit.topology.edgeCount;
  if (!whole) {
    const given = known ? '' : ' The file does not say its model and its task.';
    return { text: `This writes details.json, to be opened with the circuit.${given}`, commands: [inspect(file)] };
  }
  const chosen = argument(`${stemOf(name)}.circuit.json`, 'circuit.json');
  return {
    text: 'The file chooses no edges. The first command takes a circuit from it, the second one measures it.',
    commands: [`edgewise import ${file} --select greedy:200 --out ${chosen}`, inspect(chosen)],
  };
}

/** A word of a shell's command, quoted where it must be. `missing` where there is no text that can be one. */
function argument(text: string, missing: string): string {
  if (text === '' || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return missing;
  const path = text.startsWith('-') ? `./${text}` : text;
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
