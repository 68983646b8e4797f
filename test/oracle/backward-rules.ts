/**
 * Backward rules as what they mean: functions that equal the model at one run and have, there, the derivative that the
 * rule asks for. In float64, for the central differences of attribution.ts.
 */
import type { OracleModel, Pass, PassRules } from './pass.js';
import { activate, activateAll, attentionMix, attentionScores, causalSoftmax } from './ops.js';
import { mlpHidden, scoreRule } from './sublayers.js';
import { frozenNorm } from './weights.js';

type MakeRules = (model: OracleModel, base: Pass) => PassRules;

/** Norms with the scale of the run: those before and after sublayers, of queries and keys, and the final one. */
const frozenNorms: MakeRules = (_, base) => ({
  norm: (site, x, norm) => frozenNorm(x, base.normInputs.get(site)!, norm),
});

/**
 * Activations x * gate with the gates of the run; those of a gated MLP's gate too, as in the authors' code
 * (FarnoushRJ/RelP: its GatedMLP takes the same activation as an MLP without a gate). Then a bias-free model of
 * constant patterns hands all of the logits on to its writers; with the derivative of the activation it would not.
 */
const identityRule: MakeRules = (model, base) => ({
  activate: (layer, hidden) => {
    const there = mlpHidden(model, layer, base.mlpInputs[layer]!).hidden;
    const { activation } = model.spec.mlp!;
    return hidden.map((x, i) => (x * activate(activation, there[i]!)) / there[i]!);
  },
});

/** The product of a gated MLP's two halves moves by half: both have a share in one change. */
const halfRule: MakeRules = (model, base) => ({
  product: (layer, gate, up) => {
    const there = mlpHidden(model, layer, base.mlpInputs[layer]!);
    const gateThere = activateAll(model.spec.mlp!.activation, there.hidden);
    return gate.map((g, i) => (gateThere[i]! * there.up![i]! + g * up[i]!) / 2);
  },
});

/** Patterns of the run, whatever the queries and keys. */
const frozenPatterns: MakeRules = ({ spec, topology }, base) => ({
  attend: (writer, _q, _k, v) => attentionMix(base.patterns[patternOf(topology, writer)]!, v, spec.headWidth),
});

/**
 * Queries and keys count for a quarter, values for a half, and the pattern moves by the Jacobian of softmax(scores /
 * 2), of the scores as they are after their cap.
 */
const gentleAttention: MakeRules = (model, base) => ({
  attend: (writer, q, k, v) => {
    const { spec, topology } = model;
    const { headWidth } = spec;
    const node = topology.writers[writer]!;
    if (node.kind !== 'head') throw new Error('not a head');
    const there = (branch: 'q' | 'k' | 'v'): Float64Array =>
      base.projections[topology.headPort(node.layer, branch, node.head)]!;
    const towards = (own: Float64Array, from: Float64Array, share: number): Float64Array =>
      own.map((x, i) => from[i]! + share * (x - from[i]!));
    const scoresOf = (queries: Float64Array, keys: Float64Array): Float64Array =>
      attentionScores(queries, keys, headWidth, scoreRule(model, node.layer));
    const length = q.length / headWidth;
    const scores = scoresOf(there('q'), there('k'));
    const movedScores = scoresOf(towards(q, there('q'), 1 / 4), towards(k, there('k'), 1 / 4));
    // Keys out of sight have a score of minus infinity in both.
    const change = movedScores.map((score, at) => (score === -Infinity ? 0 : score - scores[at]!));
    const soft = causalSoftmax(scores.map((score) => score / 2));
    const pattern = base.patterns[patternOf(topology, writer)]!.map((p, at) => {
      const i = Math.floor(at / length);
      let mean = 0;
      for (let j = 0; j <= i; j++) mean += soft[i * length + j]! * change[i * length + j]!;
      return p + soft[at]! * (change[at]! - mean);
    });
    return attentionMix(pattern, towards(v, there('v'), 1 / 2), headWidth);
  },
});

function patternOf(topology: OracleModel['topology'], writer: number): number {
  const node = topology.writers[writer]!;
  if (node.kind !== 'head') throw new Error('not a head');
  return node.layer * topology.heads + node.head;
}

const together =
  (...parts: readonly MakeRules[]): MakeRules =>
  (model, base) =>
    Object.assign({}, ...parts.map((part) => part(model, base))) as PassRules;

/**
 * Caps of scores and logits keep their derivative under every rule: neither paper's code has one for them. GIM leaves
 * MLPs as they are, gated or not: its authors' code (corticph/gim) changes norms, softmax, queries, keys and values.
 */
export const ORACLE_RULES = {
  relp: together(frozenNorms, identityRule, halfRule),
  relpFrozenPatterns: together(frozenNorms, identityRule, halfRule, frozenPatterns),
  gim: together(frozenNorms, gentleAttention),
} as const;
