import { candidateEdges, keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import type { CircuitDocument } from '../data/document.js';
import type { Measure } from '../data/measure.js';
import type { Comparison } from './compare.js';
import { formatCount, formatNumber, formatPercent, plural, visibleToken } from './format.js';
import { spreadOf } from './heads.js';
import { predictionOf } from './logits.js';
import { formatDrawn, idleWords } from './measure-words.js';
import { strongestPaths } from './paths.js';
import { listed, type Noun, type Sentence } from './sentences.js';
import { headSentences, unexplained } from './summary-heads.js';

/** Edges that are named one by one. */
const NAMED = 4;
/** Circuits of more candidate edges than these do not light up as a whole. */
const LIT = 5000;

/**
 * What a circuit is and does, in a few sentences: only arithmetic on its files.
 *
 * @param data the circuit without comparison and replay, as it is drawn by `measure`.
 */
export function summaryOf(document: CircuitDocument, data: CircuitData, measure: Measure): Sentence[] {
  const { details } = document;
  const told = details ? headSentences(data, details) : [];
  return [
    size(document, data),
    ...(details ? answer(details) : []),
    ...(told.length > 0 ? told : edges(data, measure)),
    ...(document.scoresOnly ? [] : unexplained(data, details)),
  ];
}

/** How two circuits differ. */
export function comparisonSummary({ edges, nodes, jaccardEdges, rankCorrelation }: Comparison): Sentence[] {
  const shared = edges.both + edges.flipped;
  const flipped =
    edges.flipped === 0 ? '' : `; in ${formatCount(edges.flipped)} of them the numbers have opposite signs`;
  return [
    [
      `${plural(shared, 'edge')} ${shared === 1 ? 'is' : 'are'} in both circuits, ${formatCount(edges.onlyA)} in A alone and ` +
        `${formatCount(edges.onlyB)} in B alone: ${formatPercent(jaccardEdges)} of all that either has${flipped}.`,
    ],
    [
      `They share ${plural(nodes.both + nodes.flipped, 'node')}; ${formatCount(nodes.onlyA)} ${nodes.onlyA === 1 ? 'is' : 'are'} in A alone and ` +
        `${formatCount(nodes.onlyB)} in B alone.`,
    ],
    ...(rankCorrelation === null
      ? []
      : [
          [
            `Over the edges that are measured in both, the order by size agrees with a rank correlation of ${formatNumber(rankCorrelation)}.`,
          ],
        ]),
  ];
}

function size({ circuit, scoresOnly, sizesKnown }: CircuitDocument, data: CircuitData): Sentence {
  if (scoresOnly)
    return [`The file has scores of ${plural(candidateEdges(circuit), 'edge')} and selects none of them.`];
  const kept = keptEdges(circuit);
  const lights = data.edges.length > LIT ? [] : data.edges.filter(({ inCircuit }) => inCircuit).map(({ id }) => id);
  const of = sizesKnown ? `${formatCount(kept)} of ${plural(candidateEdges(circuit), 'edge')}` : plural(kept, 'edge');
  const faithfulness = circuit.provenance?.faithfulness ?? null;
  const idle = idleWords(data.edges.filter(({ inCircuit }) => inCircuit));
  const rest = idle ? ` ${idle}.` : '';
  if (faithfulness === null) return [{ text: of, lights }, ` ${kept === 1 ? 'makes' : 'make'} up the circuit.${rest}`];
  const brings =
    faithfulness >= 0 && faithfulness <= 1
      ? `${kept === 1 ? 'brings' : 'bring'} back ${formatPercent(faithfulness)} of the behaviour (faithfulness ${formatNumber(faithfulness)})`
      : `${kept === 1 ? 'has' : 'have'} a faithfulness of ${formatNumber(faithfulness)}, where 1 is the whole model and 0 the empty circuit`;
  return [{ text: of, lights }, ` ${brings}.${rest}`];
}

/** What the model predicts on the prompts. */
function answer(details: CircuitDetails): Sentence[] {
  const { prompts } = details;
  const answered = prompts.filter(({ correct }) => correct.length > 0);
  const [first] = answered;
  if (!first) return [];
  const differences = spreadOf(
    answered.map(({ logitDifference }) => logitDifference ?? Number.NaN),
    null,
  );
  const prediction = predictionOf(details, null);
  const isOne = answered.every(({ correct, wrong }) => correct.length === 1 && wrong.length === 1);
  const facts: string[] = [];
  if (differences && differences.of === prompts.length) {
    facts.push(
      isOne
        ? `its logit is ${formatNumber(differences.mean)} above that of the wrong one`
        : `the mean logit of the right answers is ${formatNumber(differences.mean)} above that of the wrong ones`,
    );
  }
  if (prediction && prediction.correct !== null) {
    facts.push(
      `${isOne ? 'its probability' : 'the probability of all right ones'} is ${formatPercent(prediction.correct)}`,
    );
  }
  const likeliest =
    prediction && prediction.of > 0 ? `; it is the likeliest token on ${prediction.answered} of ${prediction.of}` : '';
  const against = first.wrong.length > 0 ? ` and not ${tokens(first.wrong)}` : '';
  const which = `The answer is the next token: in the first prompt ${tokens(first.correct)}${against}.`;
  if (facts.length === 0) return [[which]];
  const mean = prompts.length === 1 ? '' : ` on average over ${plural(prompts.length, 'prompt')}`;
  return [[`${which} In the whole model ${facts.join(' and ')}${mean}${likeliest}.`]];
}

function tokens(texts: readonly string[]): string {
  const shown = texts.slice(0, 2).map((text) => `“${visibleToken(text)}”`);
  return texts.length > 2 ? `${shown.join(', ')} or ${texts.length - 2} more` : shown.join(' or ');
}

/** Where nothing is known of the nodes: the strongest edges into the logits, and the strongest path. */
function edges(data: CircuitData, measure: Measure): Sentence[] {
  const kept = data.edges.filter(({ inCircuit }) => inCircuit);
  const label = (id: string): string => data.nodeById.get(id)?.label ?? id;
  const into = kept.filter(({ target, effect }) => target === 'logits' && effect !== null && effect !== 0);
  const noun = (edge: EdgeRecord): Noun => ({
    text: `${label(edge.source)} (${formatDrawn(edge.effect, measure)})`,
    lights: [edge.id],
  });
  const [path] = strongestPaths(data, kept, 1);
  return [
    ...(into.length > 0
      ? [[`${intoWords(into.length)} from `, ...listed(into.slice(0, NAMED).map(noun), NAMED), '.']]
      : []),
    ...(path?.weakest
      ? [
          [
            'The strongest path is ',
            {
              text: path.nodes.map(({ id, port }) => (port === 'out' ? label(id) : `${label(id)} ${port}`)).join(' → '),
              lights: path.edges.map(({ id }) => id),
            },
            `: its weakest edge has ${formatDrawn(path.weakest.effect, measure)}.`,
          ],
        ]
      : [['No path leads from input to logits.']]),
  ];
}

function intoWords(count: number): string {
  if (count === 1) return 'The only edge into the logits comes';
  return `${count > NAMED ? 'The strongest of the' : 'The'} ${plural(count, 'edge')} into the logits come`;
}
