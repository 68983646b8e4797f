/** A node of an attribution graph as circuit-tracer writes it. */
export interface GraphNode {
  readonly node_id: string;
  readonly feature: number | null;
  readonly layer: string | number;
  readonly ctx_idx: number;
  readonly feature_type: string;
  readonly jsNodeId?: string;
  readonly clerp?: string;
  readonly influence?: number | null;
  readonly activation?: number | null;
  readonly token_prob?: number;
  readonly is_target_logit?: boolean;
}

export interface GraphJson {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly qParams?: Readonly<Record<string, unknown>>;
  readonly nodes: readonly GraphNode[];
  readonly links: readonly Readonly<Record<string, unknown>>[];
}

export function featureNode(layer: number, index: number, at: number, more: Partial<GraphNode> = {}): GraphNode {
  const sum = layer + index;
  return {
    node_id: `${layer}_${index}_${at}`,
    feature: (sum * (sum + 1)) / 2 + index,
    layer: `${layer}`,
    ctx_idx: at,
    feature_type: 'cross layer transcoder',
    jsNodeId: `${layer}_${index}-0`,
    clerp: '',
    influence: 0.5,
    activation: 2.5,
    ...more,
  };
}

/** "The capital of Texas is": three tokens of it, two features, an error and two logits. */
export function sampleGraph(change: Partial<GraphJson> = {}): GraphJson {
  const embedding = (at: number, token: number): GraphNode => ({
    node_id: `E_${token}_${at}`,
    feature: at,
    layer: 'E',
    ctx_idx: at,
    feature_type: 'embedding',
    jsNodeId: `E_${token}-${at}`,
    clerp: '',
  });
  const logit = (token: number, text: string, chance: number): GraphNode => ({
    node_id: `27_${token}_2`,
    feature: token,
    layer: '27',
    ctx_idx: 2,
    feature_type: 'logit',
    jsNodeId: `L_${token}-2`,
    clerp: `Output "${text}" (p=${chance.toFixed(3)})`,
    token_prob: chance,
  });
  return {
    metadata: {
      slug: 'texas',
      scan: 'gemma-2-2b',
      prompt_tokens: ['<bos>', ' Texas', ' is'],
      prompt: '<bos> Texas is',
      info: { description: 'Dallas to Austin' },
    },
    qParams: { pinnedIds: ['20_15589_2', 'gone'], supernodes: [['Texas', '6_4012_1', 'gone']], linkType: 'both' },
    nodes: [
      logit(22605, ' Austin', 0.43),
      logit(26865, ' Dallas', 0.1),
      featureNode(20, 15589, 2, { clerp: ' say a capital ' }),
      featureNode(6, 4012, 1),
      { node_id: '6_-1_1', feature: -1, layer: '6', ctx_idx: 1, feature_type: 'mlp reconstruction error' },
      embedding(1, 9447),
      embedding(0, 2),
    ],
    links: [
      { source: 'E_9447_1', target: '6_4012_1', weight: 3 },
      { source: '6_4012_1', target: '20_15589_2', weight: 4.5 },
      { source: '20_15589_2', target: '27_22605_2', weight: 6 },
      { source: '20_15589_2', target: '27_26865_2', weight: -1.5 },
      { source: '6_-1_1', target: '20_15589_2', weight: -3 },
    ],
    ...change,
  };
}
