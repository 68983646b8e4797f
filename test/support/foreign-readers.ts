// How other programs read the files that are written for them, restated from their code. Each gives the ids of the
// edges that the program keeps, in a topology of this project.
import type { Topology } from '../../src/circuit/topology.js';

/** Names of edges, of this project, that a program has kept. */
function idsOf(names: readonly string[], topology: Topology): Set<number> {
  return new Set(
    names.map((name) => {
      const id = topology.edgeId(name);
      if (id === undefined) throw new Error(`no edge ${name}`);
      return id;
    }),
  );
}

type Hook = readonly [name: string, index: readonly (number | null)[]];

/**
 * The reference ACDC: every edge of the list is set present and every other edge absent, direct edges (from a head's
 * input to its query, key or value) among them. The names are those of TransformerLens' hooks, the receiver before the
 * sender. An index is `[:, :, head]`, or `[:]` for what has no heads.
 */
export function keptByAcdc(text: string, topology: Topology): Set<number> {
  const listed = JSON.parse(text) as readonly [
    readonly [receiver: Hook[0], at: Hook[1], sender: Hook[0], from: Hook[1]],
    number | null,
  ][];
  const last = `blocks.${topology.layers - 1}.hook_resid_post`;
  const names = listed.map(([[receiver, at, sender, from]]) => {
    const head = at[2];
    const direct = /^blocks\.(\d+)\.attn\.hook_([qkv])$/.exec(receiver);
    if (direct) {
      const [, layer, branch] = direct;
      if (sender !== `blocks.${layer}.hook_${branch}_input` || from[2] !== head) throw new Error(`direct: ${receiver}`);
      return `a${layer}.h${head}<${branch}>->a${layer}.h${head}`;
    }
    const result = /^blocks\.(\d+)\.attn\.hook_result$/.exec(sender);
    const mlp = /^blocks\.(\d+)\.hook_mlp_out$/.exec(sender);
    const writer = result ? `a${result[1]}.h${from[2]}` : mlp ? `m${mlp[1]}` : 'input';
    if (writer === 'input' && sender !== 'blocks.0.hook_resid_pre') throw new Error(`sender: ${sender}`);
    const port = /^blocks\.(\d+)\.hook_([qkv])_input$/.exec(receiver);
    if (port) return `${writer}->a${port[1]}.h${head}<${port[2]}>`;
    const into = /^blocks\.(\d+)\.hook_mlp_in$/.exec(receiver);
    if (into) return `${writer}->m${into[1]}`;
    if (receiver !== last) throw new Error(`receiver: ${receiver}`);
    return `${writer}->logits`;
  });
  return idsOf(names, topology);
}

/**
 * EAP-IG's `from_json`: an edge that is not listed stays out, and one that is listed needs `score` and `in_graph`. A
 * node is an object with `in_graph`, or a bare boolean in versions before 2025. There are no direct edges.
 */
export function keptByEapIg(text: string, topology: Topology): Set<number> {
  const json = JSON.parse(text) as {
    readonly cfg: Readonly<Record<string, unknown>>;
    readonly nodes: Readonly<Record<string, boolean | { readonly in_graph: boolean }>>;
    readonly edges: Readonly<Record<string, { readonly score: number; readonly in_graph: boolean }>>;
  };
  for (const key of ['n_layers', 'n_heads', 'parallel_attn_mlp', 'd_model']) {
    if (json.cfg[key] === undefined) throw new Error(`cfg.${key}`);
  }
  for (const [name, node] of Object.entries(json.nodes)) {
    if (typeof (typeof node === 'boolean' ? node : node.in_graph) !== 'boolean') throw new Error(`node ${name}`);
  }
  const listed = Object.entries(json.edges).filter(([name, { score, in_graph: inGraph }]) => {
    if (!Number.isFinite(score) || typeof inGraph !== 'boolean') throw new Error(`edge ${name}`);
    return inGraph;
  });
  return idsOf(
    listed.map(([name]) => name),
    topology,
  );
}

/** Edge Pruning: the pairs of its list are kept. */
export function keptByEdgePruning(text: string, topology: Topology): Set<number> {
  const pairs = JSON.parse(text) as readonly (readonly [string, string])[];
  const names = pairs
    .filter(([from]) => from !== 'pos_embeds')
    .map(([from, to]) => {
      const port = to === 'resid_post' ? 'logits' : to.replace(/\.([qkv])$/, '<$1>');
      return `${from === 'tok_embeds' ? 'input' : from}->${port}`;
    });
  return idsOf(names, topology);
}
