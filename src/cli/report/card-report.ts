import type { CardDiagnosis } from '../../node/card/diagnosis.js';
import { whatIsMissing } from '../../node/card/diagnosis.js';
import { oneLine } from '../../base/text.js';
import { table } from './text-report.js';

/** Two lines for stderr at the start of a run that computes in software beside a card. */
export function cardWarning(adapter: string, diagnosis: CardDiagnosis): string {
  const [first, ...others] = diagnosis.remedies;
  const more = others.length > 0 ? `   (and ${others.length} more: edgewise info)` : '';
  return (
    `warning: computing in software (${adapter}), although this machine has ${diagnosis.card}, ${oneLine(whatIsMissing(diagnosis))}\n` +
    `         ${first!.what}: ${first!.line}${more}`
  );
}

/** The whole table, for `info`. */
export function cardLines({ card, parts, remedies, ...diagnosis }: CardDiagnosis): string[] {
  const missing = whatIsMissing({ card, parts: [], remedies, ...diagnosis });
  return [
    `card  ${card}, ${missing}, IS NOT USED: the adapter computes in software`,
    ...(parts.length > 0
      ? table(parts.map(({ name, found, detail }) => [`  ${name}`, found ? 'found' : 'MISSING', oneLine(detail)]))
      : []),
    ...remedies.map(({ what, line }) => `  ${what}:\n    ${line}`),
  ];
}
