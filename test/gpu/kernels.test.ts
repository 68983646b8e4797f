/** Every kernel against the float64 oracle; the tests of each are in kernels/. */
import { describe, expect, test } from 'vitest';
import { kernels } from '../../src/gpu/kernels.gen.js';
import { useDevice, type TestDevice } from '../support/gpu.js';
import {
  attentionGradientsTests,
  attentionPatternGradientsTests,
  queryKeyFixTests,
  softcapScoresBackwardTests,
} from './kernels/attention-backward.js';
import {
  addToStreamTests,
  edgeScoresTests,
  movedStreamsTests,
  neuronScoresTests,
  proximityTests,
  subtractOutputsTests,
} from './kernels/attribution.js';
import {
  activateRowsTests,
  activationBackwardTests,
  metricSeedsTests,
  normBackwardTests,
  softmaxBackwardTests,
} from './kernels/backward.js';
import { matmulTransposedTests } from './kernels/matmul-transposed.js';
import { copyRowsTests } from './kernels/copy-rows.js';
import { attentionMixTests, attentionPatternTests } from './kernels/attention.js';
import { answerDirectionsTests, rowDotsTests } from './kernels/answer-directions.js';
import { frozenNormTests } from './kernels/frozen-norm.js';
import { topColumnsBlocksTests, topColumnsTests } from './kernels/top-columns.js';
import { normTests } from './kernels/norm.js';
import { blockTotalsTests, klTests, logSoftmaxBlocksTests, logSoftmaxTests } from './kernels/log-probabilities.js';
import { matmulTests } from './kernels/matmul.js';
import { accumulateMeansTests, spreadMeansTests } from './kernels/means.js';
import { embedTests } from './kernels/embed.js';
import { cutSumsTests } from './kernels/cut-sums.js';
import { portInputsTests } from './kernels/port-inputs.js';
import { portInputsNormedTests } from './kernels/port-inputs-normed.js';
import { slicedNormBackwardTests, slicedNormTests, subtractTiltsTests } from './kernels/joint-norms.js';
import {
  gatedBackwardTests,
  gatedRowsTests,
  softcapBackwardTests,
  softcapRowsTests,
} from './kernels/gates-and-caps.js';
import { normInPlaceBackwardTests, normInPlaceTests, rotaryTests } from './kernels/head-rows.js';
import { repeatRowsTests } from './kernels/repeat-rows.js';
import { answerMeansTests, answerScoresTests, largestColumnTests } from './kernels/scores.js';

const device = useDevice();

const tests = {
  accumulate_means: accumulateMeansTests,
  activate_rows: activateRowsTests,
  activation_backward: activationBackwardTests,
  add_to_stream: addToStreamTests,
  answer_directions: answerDirectionsTests,
  answer_means: answerMeansTests,
  answer_scores: answerScoresTests,
  attention_gradients: attentionGradientsTests,
  attention_mix: attentionMixTests,
  attention_pattern: attentionPatternTests,
  attention_pattern_gradients: attentionPatternGradientsTests,
  block_totals: blockTotalsTests,
  copy_rows: copyRowsTests,
  edge_scores: edgeScoresTests,
  embed: embedTests,
  frozen_norm: frozenNormTests,
  gated_backward: gatedBackwardTests,
  gated_rows: gatedRowsTests,
  kl_divergence: klTests,
  log_softmax: logSoftmaxTests,
  log_softmax_blocks: logSoftmaxBlocksTests,
  matmul: matmulTests('matmul'),
  matmul_blocked: matmulTests('matmul_blocked'),
  matmul_narrow: matmulTests('matmul_narrow'),
  matmul_subgroup: matmulTests('matmul_subgroup'),
  matmul_workgroup: matmulTests('matmul_workgroup'),
  matmul_transposed: matmulTransposedTests('matmul'),
  matmul_transposed_blocked: matmulTransposedTests('matmul_blocked'),
  matmul_transposed_narrow: matmulTransposedTests('matmul_narrow'),
  matmul_transposed_subgroup: matmulTransposedTests('matmul_subgroup'),
  matmul_transposed_workgroup: matmulTransposedTests('matmul_workgroup'),
  metric_seeds: metricSeedsTests,
  moved_streams: movedStreamsTests,
  neuron_scores: neuronScoresTests,
  norm: normTests,
  norm_backward: normBackwardTests,
  cut_sums: cutSumsTests,
  norm_in_place: normInPlaceTests,
  norm_in_place_backward: normInPlaceBackwardTests,
  port_inputs: portInputsTests,
  port_inputs_normed: portInputsNormedTests,
  proximity: proximityTests,
  query_key_fix: queryKeyFixTests,
  repeat_rows: repeatRowsTests,
  rotary: rotaryTests,
  row_dots: rowDotsTests,
  sliced_norm: slicedNormTests,
  sliced_norm_backward: slicedNormBackwardTests,
  subtract_tilts: subtractTiltsTests,
  softcap_scores_backward: softcapScoresBackwardTests,
  softcap_backward: softcapBackwardTests,
  softcap_rows: softcapRowsTests,
  softmax_backward: softmaxBackwardTests,
  spread_means: spreadMeansTests,
  subtract_outputs: subtractOutputsTests,
  top_columns: (device: TestDevice) => {
    topColumnsTests(device);
    largestColumnTests(device);
  },
  top_columns_blocks: topColumnsBlocksTests,
};

test('every kernel has tests', () => {
  expect(Object.keys(tests).sort()).toEqual(Object.keys(kernels).sort());
});

describe.each(Object.entries(tests))('%s', (_, define) => {
  define(device);
});
