/** Every kernel against the float64 oracle; the tests of each are in kernels/. */
import { describe, expect, test } from 'vitest';
import { kernels } from '../../src/gpu/kernels.gen.js';
import { useDevice } from '../support/gpu.js';
import { attentionMixTests, attentionPatternTests } from './kernels/attention.js';
import { answerDirectionsTests, frozenNormTests, rowDotsTests, topColumnsTests } from './kernels/direct-effects.js';
import { layerNormTests } from './kernels/layer-norm.js';
import { klTests, logSoftmaxTests } from './kernels/log-probabilities.js';
import { matmulTests } from './kernels/matmul.js';
import { accumulateMeansTests, spreadMeansTests } from './kernels/means.js';
import { replacePortsTests } from './kernels/replace-ports.js';
import { embedTests, portBasesTests, portInputsTests } from './kernels/residual.js';
import { answerScoresTests, argmaxTests } from './kernels/scores.js';

const device = useDevice();

const tests = {
  accumulate_means: accumulateMeansTests,
  answer_directions: answerDirectionsTests,
  answer_scores: answerScoresTests,
  argmax: argmaxTests,
  attention_mix: attentionMixTests,
  attention_pattern: attentionPatternTests,
  embed: embedTests,
  frozen_norm: frozenNormTests,
  kl_divergence: klTests,
  layer_norm: layerNormTests,
  log_softmax: logSoftmaxTests,
  matmul: matmulTests,
  port_bases: portBasesTests,
  port_inputs: portInputsTests,
  replace_ports: replacePortsTests,
  row_dots: rowDotsTests,
  spread_means: spreadMeansTests,
  top_columns: topColumnsTests,
};

test('every kernel has tests', () => {
  expect(Object.keys(tests).sort()).toEqual(Object.keys(kernels).sort());
});

describe.each(Object.entries(tests))('%s', (_, define) => {
  define(device);
});
