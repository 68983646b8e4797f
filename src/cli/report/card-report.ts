import { printable } from '../../base/text.js';
import { diagnoseCard, whatIsMissing, type CardDiagnosis } from '../../node/card/diagnosis.js';
import type { Machine } from '../../node/card/machine.js';
import type { AdapterOptions } from '../../node/device.js';
import { table } from './text-report.js';

/**
 * Two lines for stderr at the start of a run that computes in software beside a card. Undefined where it does not, or
 * its adapter was chosen.
 */
export function cardWarning(
  { software, adapter }: { readonly software: boolean; readonly adapter: string },
  flags: AdapterOptions,
  machine: Machine,
): string | undefined {
  if (!software || flags.adapter !== undefined || flags.devices !== undefined) return undefined;
  const diagnosis = diagnoseCard(machine);
  if (!diagnosis) return undefined;
  const [first, ...others] = diagnosis.remedies;
  const more = others.length > 0 ? `   (and ${others.length} more: edgewise info)` : '';
  return (
    `warning: computing in software (${adapter}), although this machine has ${diagnosis.card}, ${printable(whatIsMissing(diagnosis))}\n` +
    `         ${first!.what}: ${first!.line}${more}`
  );
}

/** The whole table, for `info`. */
export function cardLines({ card, parts, remedies, ...diagnosis }: CardDiagnosis): string[] {
  const missing = whatIsMissing({ card, parts: [], remedies, ...diagnosis });
  return [
    `card  ${card}, ${missing}, IS NOT USED: the adapter computes in software`,
    ...(parts.length > 0
      ? table(parts.map(({ name, found, detail }) => [`  ${name}`, found ? 'found' : 'MISSING', printable(detail)]))
      : []),
    ...remedies.flatMap(({ what, line }) => [`  ${what}:`, `    ${line}`]),
  ];
}
