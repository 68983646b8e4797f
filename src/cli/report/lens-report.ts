import { mean } from '../../base/mean.js';
import { quote } from '../../base/text.js';
import type { LensReport } from '../../files/own/lens-json.js';
import { fixed, signed, table } from './text-report.js';

type Found<Part extends keyof LensReport> = NonNullable<LensReport[Part]>;

/** How many components, heads of a kind, neurons and texts are told. */
const COMPONENTS = 12;
const HEADS = 5;
const NEURONS = 3;
const TEXTS = 3;

/** What `lens` found, to be read on a terminal. */
export function lensLines(report: LensReport): string[] {
  const parts = [
    report.logit_lens && logitLensLines(report.logit_lens),
    report.direct_attribution && attributionLines(report.direct_attribution),
    report.ov_qk && ovQkLines(report.ov_qk),
    report.ffn_values && neuronLines(report.ffn_values),
    report.head_detectors && detectorLines(report.head_detectors),
    report.hit_at_k && hitLines(report.hit_at_k),
    report.triggers && triggerLines(report.triggers),
    report.neuron_increase && increaseLines(report.neuron_increase),
  ].filter((lines) => lines !== undefined);
  return parts.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

function logitLensLines({ prompts }: Found<'logit_lens'>): string[] {
  const layers = prompts[0]!.layers.map(({ layer, top5 }, l) => {
    const ranks = prompts.map((prompt) => prompt.layers[l]!.rank);
    const last = l === prompts[0]!.layers.length - 1;
    return [
      last ? 'after the last' : `before layer ${layer}`,
      String(ranks.toSorted((a, b) => a - b)[Math.floor(ranks.length / 2)]!),
      `${ranks.filter((rank) => rank === 0).length} of ${ranks.length}`,
      fixed(mean(prompts.map((prompt) => prompt.layers[l]!.p_answer)), 4),
      top5
        .slice(0, 3)
        .map(([token]) => quote(token))
        .join(' '),
    ];
  });
  return [
    "Logit lens: the answer's median rank (0 is first), how often it is first, its mean probability;",
    `what prompt 1 predicts, whose answer is ${quote(prompts[0]!.answer_token)}`,
    ...table([['', 'rank', 'first', 'p', 'prompt 1'], ...layers], [1, 2, 3]),
  ];
}

function attributionLines({ components, values, total }: Found<'direct_attribution'>): string[] {
  const means = components
    .map((name, i) => ({ name, value: mean(values.map((ofPrompt) => ofPrompt[i]!)) }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const [told, rest] = [means.slice(0, COMPONENTS), means.slice(COMPONENTS)];
  const others = rest.reduce((sum, { value }) => sum + value, 0);
  return [
    `Direct attribution: mean parts of the logit difference ${fixed(mean(total), 4)}`,
    ...table(
      [
        ...told.map(({ name, value }) => [name, signed(value)]),
        ...(rest.length > 0 ? [[`${rest.length} others`, signed(others)]] : []),
      ],
      [1],
    ),
  ];
}

function ovQkLines({ heads, word_ids }: Found<'ov_qk'>): string[] {
  const copying = Object.entries(heads)
    .map(([name, { ov_eigenvalue_copying, ov_copying }]) => ({ name, by: ov_eigenvalue_copying ?? 0, ov_copying }))
    .sort((a, b) => b.by - a.by)
    .slice(0, HEADS);
  return [
    `OV circuits: heads that copy most, by eigenvalues; share of ${word_ids.length} words that promote themselves most`,
    ...table(
      copying.map(({ name, by, ov_copying }) => [name, fixed(by, 3), `${fixed(100 * ov_copying.top1_is_self, 0)} %`]),
      [1, 2],
    ),
  ];
}

function neuronLines({ layers }: Found<'ffn_values'>): string[] {
  const rows = layers.flatMap((neurons, layer) =>
    neurons
      .slice(0, NEURONS)
      .map(({ neuron, effect, coefficient_mean, top10, bottom3 }) => [
        `m${layer}.n${neuron}`,
        signed(effect),
        signed(coefficient_mean),
        listed(coefficient_mean < 0 ? bottom3 : top10),
      ]),
  );
  const head = ['', 'effect', 'coefficient', 'writes'];
  return ['MLP neurons that add most to the logit difference', ...table([head, ...rows], [1, 2])];
}

function listed(tokens: readonly (readonly [string, number])[]): string {
  return tokens
    .slice(0, 5)
    .map(([token]) => quote(token))
    .join(' ');
}

function detectorLines({ scores }: Found<'head_detectors'>): string[] {
  const kinds = Object.entries(scores).filter(([name]) => !name.includes('.'));
  return [
    'Kinds of heads: share of the attention where the kind attends',
    ...table(
      kinds.map(([name, { mul_mean }]) => [
        name.replaceAll('_', ' '),
        ...mul_mean
          .flatMap((heads, layer) => heads.map((score, head) => ({ name: `a${layer}.h${head}`, score: score ?? 0 })))
          .sort((a, b) => b.score - a.score)
          .slice(0, NEURONS)
          .map(({ name: head, score }) => `${head} ${fixed(score, 3)}`),
      ]),
    ),
  ];
}

function hitLines({ k, model, circuit }: Found<'hit_at_k'>): string[] {
  const row = (name: string, { hit }: Found<'hit_at_k'>['model']): string[] => [
    name,
    ...hit.map((share) => `${fixed(100 * share, 1)} %`),
  ];
  const rows = [
    ['', ...k.map((place) => `Hit@${place}`)],
    row('model', model),
    ...(circuit ? [row('circuit', circuit)] : []),
  ];
  return ['How often a right answer is among the first k', ...table(rows, [1, 2, 3])];
}

function triggerLines(triggers: Found<'triggers'>): string[] {
  return [
    'Where neurons are most active: coefficient, line of the text file, the text up to there',
    ...triggers.flatMap(({ layer, neuron, examples }) => [
      `m${layer}.n${neuron}`,
      ...examples
        .slice(0, TEXTS)
        .map(({ coefficient, line, context }) => `  ${signed(coefficient)}  ${line}: ${quote(context)}`),
    ]),
  ];
}

function increaseLines({ without, log_p, log_p_without, neurons }: Found<'neuron_increase'>): string[] {
  const rest = log_p_without ? `, ${fixed(mean(log_p_without), 4)} without ${without.join(', ')}` : '';
  const rows = neurons
    .slice(0, COMPONENTS)
    .map(({ layer, neuron, increase, increase_without, top10 }) => [
      `m${layer}.n${neuron}`,
      signed(increase),
      ...(increase_without === undefined ? [] : [signed(increase_without)]),
      listed(top10),
    ]);
  const head = ['', 'increase', ...(log_p_without ? ['without'] : []), 'value vector'];
  return [
    `Neurons by what they add to the answer's log-probability of ${fixed(mean(log_p), 4)} nats${rest}`,
    ...table([head, ...rows], log_p_without ? [1, 2] : [1]),
  ];
}
