/**
 * Scores by central differences against gradients written out by hand, for every family: the edges into the ports of
 * the last layer and into the logits. So the formulas that the backward kernels are judged by are checked in their
 * places, norms of queries and keys, caps, windows and norms after the sublayers among them.
 */
import { describe, expect, test } from 'vitest';
import type { Branch } from '../../../src/circuit/nodes.js';
import { randomModel } from '../../../src/model/random-model.js';
import { layerTensor } from '../../../src/model/weight-table.js';
import type { PromptPair } from '../../../src/task/types.js';
import { OracleAttribution } from '../../oracle/attribution.js';
import {
  activationSlope,
  layerNormBackward,
  metricSeeds,
  rmsNormBackward,
  softcapSlope,
  softmaxBackward,
} from '../../oracle/gradient-ops.js';
import { loadOracle, runModel, type OracleModel, type Pass } from '../../oracle/model.js';
import { activate, attentionScores, matmul, matmulTransposed } from '../../oracle/ops.js';
import { rotaryFrequencies, rotate } from '../../oracle/rotary.js';
import { keyHead, mlpHidden, scoreRule } from '../../oracle/sublayers.js';
import type { Norm } from '../../oracle/weights.js';
import { SMALL_FAMILIES, smallSpec } from '../../support/families.js';

const PAIR: PromptPair = {
  clean: [3, 14, 15, 9, 2, 6],
  corrupted: [3, 11, 7, 9, 30, 6],
  position: 4,
  correct: [5, 8],
  wrong: [21],
};

function normBackward(x: Float64Array, gradient: Float64Array, { kind, gain, epsilon }: Norm): Float64Array {
  const back = kind === 'layer' ? layerNormBackward : rmsNormBackward;
  return back(x, gain, gradient, epsilon, false);
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Gradients at the inputs of the ports of the last layer and of the logits. */
class Backward {
  constructor(
    readonly model: OracleModel,
    readonly run: Pass,
  ) {}

  get last(): number {
    return this.model.spec.layers - 1;
  }

  logits(): Float64Array {
    const { model, run } = this;
    const { vocab, width, logitSoftcap, tied } = model.spec;
    const row = run.logits.subarray(PAIR.position * vocab, (PAIR.position + 1) * vocab);
    const seeds = metricSeeds('logit-diff', row, row, PAIR.correct, PAIR.wrong);
    const uncapped = seeds.map((seed, v) => seed * softcapSlope(row[v]!, logitSoftcap));
    const atNormed = new Float64Array(PAIR.clean.length * width);
    const unembed = model.tensor(tied ? 'embed' : 'unembed');
    atNormed.set(matmul(uncapped, unembed, null, vocab, width), PAIR.position * width);
    return normBackward(run.ports[model.topology.logitsPort]!, atNormed, model.finalNorm);
  }

  /** From the stream to a sublayer's output, through the norm after it. */
  after(name: 'postnorm1' | 'postnorm2', gradient: Float64Array, layer = this.last): Float64Array {
    if (!this.model.spec.postNorms) return gradient;
    return normBackward(this.run.normInputs.get(`${name} ${layer}`)!, gradient, this.model.norm(layer, name));
  }

  before(port: number, gradient: Float64Array, name: 'norm1' | 'norm2'): Float64Array {
    if (!this.model.spec.preNorms) return gradient;
    return normBackward(this.run.ports[port]!, gradient, this.model.norm(this.last, name));
  }

  mlp(): Float64Array {
    const { model, last } = this;
    const { mlp, mlpWidth, width, block } = model.spec;
    const { hidden, up } = mlpHidden(model, last, this.run.mlpInputs[last]!);
    const inner = matmulTransposed(
      this.after('postnorm2', this.logits()),
      model.tensor(layerTensor(last, 'wout')),
      width,
    );
    const slope = inner.map((g, i) => g * activationSlope(mlp!.activation, hidden[i]!));
    const back = (g: Float64Array, name: 'win' | 'wgate'): Float64Array =>
      matmulTransposed(g, model.tensor(layerTensor(last, name)), mlpWidth);
    let atInput: Float64Array;
    if (up === null) atInput = back(slope, 'win');
    else {
      const fromGate = back(
        slope.map((g, i) => g * up[i]!),
        'wgate',
      );
      const fromUp = back(
        inner.map((g, i) => g * activate(mlp!.activation, hidden[i]!)),
        'win',
      );
      atInput = fromGate.map((g, i) => g + fromUp[i]!);
    }
    return this.before(model.topology.mlpPort(last), atInput, block === 'parallel-shared-norm' ? 'norm1' : 'norm2');
  }

  /** At the sum of the last layer's heads. */
  attention(): Float64Array {
    const stream = this.logits();
    const feedsMlp = this.model.spec.block === 'sequential';
    const mlp = feedsMlp ? this.mlp() : undefined;
    return this.after('postnorm1', mlp ? stream.map((g, i) => g + mlp[i]!) : stream);
  }

  head(head: number, branch: Branch): Float64Array {
    const { model, run, last } = this;
    const { headWidth, width, attention } = model.spec;
    const { topology } = model;
    const length = PAIR.clean.length;
    const of = (name: Branch): Float64Array => run.projections[topology.headPort(last, name, head)]!;
    const size = headWidth * width;
    const wo = model.tensor(layerTensor(last, 'wo')).subarray(head * size, (head + 1) * size);
    const mixed = matmulTransposed(this.attention(), wo, width);
    const pattern = run.patterns[last * topology.heads + head]!;
    const transposed = (m: Float64Array): Float64Array =>
      m.map((_, i) => m[(i % length) * length + Math.floor(i / length)]!);
    if (branch === 'v')
      return this.projection(head, branch, matmul(transposed(pattern), mixed, null, length, headWidth));
    const atPattern = matmulTransposed(mixed, of('v'), headWidth);
    const scores = attentionScores(of('q'), of('k'), headWidth, scoreRule(model, last));
    const atScores = softmaxBackward(pattern, atPattern, length, attention.scale[last]!).map((g, i) =>
      scores[i]! === -Infinity ? 0 : g * softcapSlope(scores[i]!, attention.softcap),
    );
    const own =
      branch === 'q'
        ? matmul(atScores, of('k'), null, length, headWidth)
        : matmul(transposed(atScores), of('q'), null, length, headWidth);
    return this.projection(head, branch, own);
  }

  /** From a query, key or value to the port's input. */
  projection(head: number, branch: Branch, gradient: Float64Array): Float64Array {
    const { model, run, last } = this;
    const { headWidth, heads, kvHeads, positions, attention } = model.spec;
    const port = model.topology.headPort(last, branch, head);
    const column = branch === 'q' ? head : keyHead(model, head);
    const columnsOf = (each: number): Float64Array => model.headColumns(last, `w${branch}`, each);
    let g = gradient;
    if (branch !== 'v' && positions.kind === 'rotary') {
      const frequencies = attention.window[last] === null ? positions.global : positions.local;
      g = rotate(g, headWidth, rotaryFrequencies(positions.dims, frequencies), -1);
    }
    let atNormed: Float64Array;
    if (branch === 'v' || attention.qkNorm === null || attention.qkNorm.over === 'head') {
      if (branch !== 'v' && attention.qkNorm !== null) {
        g = normBackward(run.normInputs.get(`${branch}norm ${port}`)!, g, model.norm(last, `${branch}norm`));
      }
      atNormed = matmulTransposed(g, columnsOf(column), headWidth);
    } else {
      const count = branch === 'q' ? heads : kvHeads;
      const whole = new Float64Array(PAIR.clean.length * count * headWidth);
      for (let row = 0; row < PAIR.clean.length; row++) {
        whole.set(g.subarray(row * headWidth, (row + 1) * headWidth), (row * count + column) * headWidth);
      }
      const back = normBackward(run.normInputs.get(`${branch}norm ${port}`)!, whole, model.norm(last, `${branch}norm`));
      atNormed = matmulTransposed(back, model.tensor(layerTensor(last, `w${branch}`)), count * headWidth);
    }
    return this.before(port, atNormed, 'norm1');
  }

  /** A writer's change as the gradient at a port sees it: that of a head through the norm of its layer's sum. */
  score(difference: Float64Array, writer: number, gradient: Float64Array): number {
    const node = this.model.topology.writers[writer]!;
    return dot(difference, node.kind === 'head' ? this.after('postnorm1', gradient, node.layer) : gradient);
  }
}

describe.each(SMALL_FAMILIES)('%s', (family) => {
  test('edges into the last layer and the logits', async () => {
    const model = await loadOracle(await randomModel(smallSpec(family), 4));
    const { topology } = model;
    const attribution = new OracleAttribution(model, PAIR, runModel(model, PAIR.corrupted).writers, 'logit-diff');
    const back = new Backward(model, runModel(model, PAIR.clean));
    const ports = [
      { port: topology.logitsPort, gradient: back.logits() },
      { port: topology.mlpPort(back.last), gradient: back.mlp() },
      ...(['q', 'k', 'v'] as const).map((branch) => ({
        port: topology.headPort(back.last, branch, 1),
        gradient: back.head(1, branch),
      })),
    ];
    for (const { port, gradient } of ports) {
      const writers = [...Array(topology.fanIn(port)).keys()];
      const wanted = writers.map((writer) => back.score(attribution.differences[writer]!, writer, gradient));
      const got = attribution.edges(
        writers.map((writer) => topology.additionEdge(writer, port)),
        [{ weight: 1 }],
      );
      const most = Math.max(...wanted.map(Math.abs));
      expect(most).toBeGreaterThan(1e-6);
      got.forEach((score, writer) => {
        const error = Math.abs(score - wanted[writer]!);
        const edge = topology.edgeName(topology.additionEdge(writer, port));
        if (!(error <= 1e-6 * most)) expect.fail(`${edge}: differences ${score}, by hand ${wanted[writer]}`);
      });
    }
  });

  test("AtP*'s fix of a small change is the derivative", async () => {
    const model = await loadOracle(await randomModel(smallSpec(family), 5));
    const { topology } = model;
    const clean = runModel(model, PAIR.clean).writers;
    const small = 1e-4;
    const near = runModel(model, PAIR.corrupted).writers.map((value, writer) =>
      value.map((x, i) => clean[writer]![i]! + small * (x - clean[writer]![i]!)),
    );
    const attribution = new OracleAttribution(model, PAIR, near, 'logit-diff');
    for (const branch of ['q', 'k'] as const) {
      const port = topology.headPort(1, branch, 2);
      const edges = [...Array(topology.fanIn(port)).keys()].map((writer) => topology.additionEdge(writer, port));
      const wanted = attribution.edges(edges, [{ weight: 1 }]);
      const most = Math.max(...wanted.map(Math.abs));
      edges.forEach((edge, i) => {
        const got = attribution.fixedEdge(edge);
        const error = Math.abs(got - wanted[i]!);
        if (!(error <= 2e-3 * most)) expect.fail(`${topology.edgeName(edge)}: ${got}, derivative ${wanted[i]}`);
      });
    }
  });
});
