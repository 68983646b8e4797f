import type { CircuitDetails } from '../../src/circuit/details.js';
import type { ViewerDocument } from './document.js';

/**
 * The document that the page opens with where nobody asked for one: the one that answers most of what people ask.
 *
 * 1. It has details with the curve of its circuits.
 * 2. The most of its prompts have a right and a wrong answer.
 * 3. The most of its heads write the answer: their direct effect raises it on nine of ten prompts.
 *
 * Among equals the first one.
 */
export function firstToOpen(documents: Iterable<ViewerDocument>): ViewerDocument | undefined {
  let best: ViewerDocument | undefined;
  for (const document of documents) if (!best || isMore(worth(document), worth(best))) best = document;
  return best;
}

const ON_PROMPTS = 0.9;

function worth({ details }: ViewerDocument): number[] {
  if (!details) return [0, 0, 0];
  const { prompts, curve } = details;
  const answered = prompts.filter(({ correct, wrong }) => correct.length > 0 && wrong.length > 0).length;
  return [curve ? 2 : 1, answered / Math.max(1, prompts.length), answeringHeads(details)];
}

function answeringHeads({ nodes }: CircuitDetails): number {
  return Object.values(nodes).filter(({ attention, direct }) => {
    if (!attention || !direct || direct.length === 0) return false;
    return direct.filter((effect) => effect > 0).length >= ON_PROMPTS * direct.length;
  }).length;
}

/** Whether the first number that differs is larger. */
function isMore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}
