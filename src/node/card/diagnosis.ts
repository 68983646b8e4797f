import { nvidiaDriver, vendorOfCard } from './cards.js';
import type { Machine } from './machine.js';
import { partsOf, type Part } from './parts.js';
import { PLACE_NAMES, placeOf, type Place } from './place.js';
import { remediesOf, type Remedy } from './remedies.js';

/** Why a card of this machine is not used, as far as files and variables tell. */
export interface CardDiagnosis {
  /** `an NVIDIA card (driver 580.159.03)`. */
  readonly card: string;
  readonly place: Place;
  /** What stands between the card and Vulkan. Empty where nothing of it can be seen. */
  readonly parts: readonly Part[];
  /** Steps towards the card; the last resort where nothing is missing. */
  readonly remedies: readonly Remedy[];
}

const LAST_RESORT: Remedy = {
  what: 'nothing is missing that files show; the Vulkan loader says what it stumbles on',
  line: 'VK_LOADER_DEBUG=error,warn,driver vulkaninfo --summary',
};

/**
 * Looks for a card that Vulkan does not reach. To be asked where an adapter in software is used, or none is found.
 *
 * @returns undefined where the machine shows no card, and on systems whose drivers come with their graphics interface.
 */
export function diagnoseCard(machine: Machine): CardDiagnosis | undefined {
  if (machine.platform !== 'linux') return undefined;
  const place = placeOf(machine);
  const vendor = vendorOfCard(machine, place === 'wsl');
  if (vendor === undefined) return undefined;
  const driver = vendor === 'NVIDIA' ? nvidiaDriver(machine) : undefined;
  const article = vendor === 'unknown' ? 'a' : `an ${vendor}`;
  const card = `${article} card${driver === undefined ? '' : ` (driver ${driver})`}`;
  // No file of Linux tells anything of Windows' card.
  if (place === 'wsl' || vendor === 'unknown') {
    return {
      card,
      place,
      parts: [],
      remedies: remediesOf({ vendor: 'NVIDIA', place, missing: [], driver, variable: undefined }),
    };
  }
  const parts = partsOf(machine, vendor, place);
  const missing = parts.filter(({ found }) => !found).map(({ name }) => name);
  const variable = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find((name) => machine.environment[name]);
  const remedies = remediesOf({ vendor, place, missing, driver, variable });
  return { card, place, parts, remedies: remedies.length > 0 ? remedies : [LAST_RESORT] };
}

/** What is wrong, in a part of a sentence: `in a Docker container without the device node (no /dev/nvidia0)`. */
export function whatIsMissing({ place, parts }: CardDiagnosis): string {
  const missing = parts.filter(({ found }) => !found).map(({ name, detail }) => `${name} (${detail})`);
  const where = `in ${PLACE_NAMES[place]}`;
  return missing.length > 0 ? `${where} without ${missing.join(', ')}` : where;
}

/** The diagnosis in one sentence, for an error. */
export function inOneSentence(diagnosis: CardDiagnosis): string {
  const [first] = diagnosis.remedies;
  return `this machine has ${diagnosis.card}, ${whatIsMissing(diagnosis)}; ${first!.what}: ${first!.line}`;
}
