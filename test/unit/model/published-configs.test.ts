/** Configs as the authors of models that people study publish them. */
import { expect, test } from 'vitest';
import { familyOf } from '../../../src/model/families/index.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { fixtureJson } from '../../support/fixtures.js';

interface Published {
  /** Of the whole model, as its authors state it, to the last one. */
  readonly parameters: number;
  readonly expected: object;
}

const none = (layers: number) => new Array<null>(layers).fill(null);

const MODELS: Readonly<Record<string, Published>> = {
  'llama-3.2-1b': {
    parameters: 1_235_814_400,
    expected: { tied: true, bosTokenId: 128000, positions: { dims: 64, global: { scaling: { factor: 32 } } } },
  },
  'smollm2-135m': {
    parameters: 134_515_008,
    expected: { headWidth: 64, kvHeads: 3 },
  },
  'mistral-7b': {
    parameters: 7_241_732_096,
    expected: { attention: { window: new Array<number>(32).fill(4096) }, headWidth: 128 },
  },
  'qwen-2.5-0.5b': {
    parameters: 494_032_768,
    expected: { attention: { window: none(24), biases: { qkv: true, out: false } }, tied: true },
  },
  'qwen-3-0.6b': {
    parameters: 596_049_920,
    expected: { headWidth: 128, width: 1024, attention: { qkNorm: { kind: 'rms', over: 'head' } } },
  },
  'gemma-2b': {
    parameters: 2_506_172_416,
    expected: { tied: true, embeddingScale: Math.sqrt(2048), mlp: { activation: 'gelu' } },
  },
  'gemma-2-2b': {
    parameters: 2_614_341_888,
    expected: { tied: true, logitSoftcap: 30, attention: { softcap: 50, window: everyOther(26, 4096) } },
  },
  'gemma-3-1b': {
    parameters: 999_885_952,
    expected: { attention: { window: fiveOfSix(26, 512) }, logitSoftcap: null },
  },
  'gemma-3-4b': {
    parameters: 3_880_263_168,
    expected: {
      family: 'gemma3_text',
      heads: 8,
      kvHeads: 4,
      headWidth: 256,
      vocab: 262208,
      bosTokenId: 2,
      tied: true,
      positions: {
        global: {
          base: 1e6,
          scaling: {
            kind: 'linear',
            factor: 8,
          },
        },
        local: {
          base: 1e4,
          scaling: null,
        },
      },
      attention: {
        window: fiveOfSix(34, 1024),
        scale: new Array<number>(34).fill(1 / 16),
      },
    },
  },
  'pythia-160m': {
    parameters: 162_322_944,
    expected: { block: 'parallel', positions: { dims: 16 }, tied: false },
  },
  'phi-2': {
    parameters: 2_779_683_840,
    expected: { block: 'parallel-shared-norm', positions: { dims: 32 }, logitBias: true },
  },
  'phi-3-mini': {
    parameters: 3_821_079_552,
    expected: { attention: { window: new Array<number>(32).fill(2047) }, positions: { dims: 96 } },
  },
  'gpt-neo-125m': {
    parameters: 125_198_592,
    expected: {
      mlpWidth: 3072,
      tied: true,
      attention: {
        scale: new Array<number>(12).fill(1),
        window: everyOther(12, 256).reverse(),
      },
    },
  },
  'olmo-2-1b': {
    parameters: 1_484_916_736,
    expected: { preNorms: false, postNorms: true, bosTokenId: null },
  },
};

function everyOther(layers: number, window: number): (number | null)[] {
  return Array.from({ length: layers }, (_, layer) => (layer % 2 === 0 ? window : null));
}

function fiveOfSix(layers: number, window: number): (number | null)[] {
  return Array.from({ length: layers }, (_, layer) => (layer % 6 === 5 ? null : window));
}

test.each(Object.entries(MODELS))('%s', async (name, { parameters, expected }) => {
  const config = await fixtureJson(`published-configs/${name}.json`);
  const spec = familyOf(config, 'config.json').parseConfig(config, 'config.json');
  expect(spec).toMatchObject(expected);
  const sizes = [...weightTable(spec).values()].map((shape) => shape.reduce((product, n) => product * n, 1));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(parameters);
});
