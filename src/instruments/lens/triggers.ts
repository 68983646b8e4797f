import type { Topology } from '../../circuit/topology.js';
import type { LensReport } from '../../files/own/lens-json.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import type { ModelWeights } from '../../model/weights.js';
import { inUncutBatches } from './uncut-batches.js';

type Triggers = NonNullable<LensReport['triggers']>;
type Example = Triggers[number]['examples'][number];

/** A text in the model's tokens. */
export interface TriggerText {
  /** Its line in the file, from 1. */
  readonly line: number;
  readonly ids: readonly number[];
}

/** A neuron of an MLP. */
export interface NeuronPlace {
  readonly layer: number;
  readonly neuron: number;
}

/** How many texts are told of a neuron, and how many tokens of each, the last ones up to the trigger. */
const EXAMPLES = 10;
const CONTEXT = 12;

/**
 * What makes neurons active: the texts in which one has the coefficient of largest size, at the token where it has it
 * (Geva et al. 2020, arXiv:2012.14913: trigger examples of keys). The first token counts unless it is the
 * beginning-of-text token.
 *
 * Cost: a forward pass over the texts. The host holds the hidden layers of a pass, one layer at a time.
 *
 * @param onDone is told how many texts are done.
 */
export async function triggersOf(
  weights: ModelWeights,
  topology: Topology,
  neurons: readonly NeuronPlace[],
  texts: readonly TriggerText[],
  { budget, tokenText }: { readonly budget: number; readonly tokenText: TokenText },
  onDone: (texts: number) => void = () => {},
): Promise<Triggers> {
  const { gpu, spec, layout } = weights;
  const stride = 4 * layout.mlp4;
  const found = neurons.map((): Example[] => []);
  const layers = new Set(neurons.map(({ layer }) => layer));
  const prompts = texts.map((text) => ({ ...text, position: text.ids.length - 1 }));
  const beside = ({ prompts: at, sequence }: { readonly prompts: number; readonly sequence: number }) => ({
    'copies of hidden layers': [layers.size, at * sequence, stride],
  });
  let done = 0;
  await inUncutBatches(weights, topology, prompts, { budget, beside }, async ({ pass, prompts: part }) => {
    const { frame } = pass;
    const copies = new Map<number, () => Promise<ArrayBuffer>>();
    const recording = gpu.record();
    const takeHidden = (layer: number): void => {
      if (layers.has(layer)) copies.set(layer, recording.readback(pass.view('neurons', layer).data));
    };
    pass.forward(recording, { side: 'clean', from: 0, outputs: 'forget', taps: { neurons: takeHidden } });
    recording.submit();
    for (const [layer, copy] of copies) {
      const hidden = new Float32Array(await copy());
      for (const [i, { layer: of, neuron }] of neurons.entries()) {
        if (of !== layer) continue;
        part.forEach(({ ids, line }, n) => {
          const at = (position: number): number => hidden[(n * frame.shape.sequence + position) * stride + neuron]!;
          const first = ids[0] === spec.bosTokenId && ids.length > 1 ? 1 : 0;
          let best = first;
          for (let t = first; t < ids.length; t++) if (Math.abs(at(t)) > Math.abs(at(best))) best = t;
          keep(found[i]!, {
            line,
            position: best,
            token: tokenText(ids[best]!),
            coefficient: at(best),
            context: joined(ids.slice(Math.max(0, best + 1 - CONTEXT), best + 1).map(tokenText)),
          });
        });
      }
    }
    onDone((done += part.length));
  });
  return neurons.map((place, i) => ({ ...place, examples: found[i]! }));
}

/** Tokens as one text. Those of some tokenizers hold their spaces, those of others are words. */
function joined(tokens: readonly string[]): string {
  return tokens.join(tokens.some((token) => /^\s|\s$/.test(token)) ? '' : ' ');
}

/** Keeps the strongest, of equal ones the first. */
function keep(examples: Example[], next: Example): void {
  const at = examples.findIndex(({ coefficient }) => Math.abs(next.coefficient) > Math.abs(coefficient));
  examples.splice(at === -1 ? examples.length : at, 0, next);
  if (examples.length > EXAMPLES) examples.pop();
}
