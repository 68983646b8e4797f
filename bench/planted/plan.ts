import type { Rng } from '../../src/base/rng.js';
import { BRANCHES } from '../../src/circuit/nodes.js';
import type { Topology } from '../../src/circuit/topology.js';
import { CHANNELS, type Channel } from './channels.js';
import { HEAD_ROLES, MLP_ROLES, type HeadRoleName, type Mix, type MlpRoleName } from './roles.js';

/** The nodes of the circuit: role, layer and how strongly each of that many heads writes. */
export interface CircuitDesign {
  readonly heads: readonly (readonly [HeadRoleName, layer: number, ...gains: number[]])[];
  readonly mlps: readonly (readonly [MlpRoleName, layer: number, gain: number])[];
  /** What heads outside the circuit do. */
  readonly weak: readonly WeakRole[];
}

/** A role that heads outside the circuit take up weakly, in layers `first` to `last`. */
export interface WeakRole {
  readonly role: HeadRoleName;
  readonly first: number;
  readonly last: number;
  /** Part of the free heads of those layers that take it up. */
  readonly share: number;
  /** Largest gain; the gains are spread evenly on a logarithmic scale, down to a thirtieth of it. */
  readonly most: number;
}

const WEAK_RANGE = 30;

/** A node that has a role; one without has random weights only. */
export interface PlannedNode<Role> {
  readonly role: Role;
  /** How strongly it writes. */
  readonly gain: number;
  /** Belongs to the circuit; otherwise it does the same, but its writing is weak. */
  readonly planted: boolean;
  /** Per port and channel, by how much its reading differs from the role's. */
  readonly accent: Readonly<Record<string, number>>;
}

/** Roles of all heads [layer][head] and MLPs [layer]. */
export interface Plan {
  readonly heads: readonly (readonly (PlannedNode<HeadRoleName> | undefined)[])[];
  readonly mlps: readonly (PlannedNode<MlpRoleName> | undefined)[];
}

export function drawPlan(design: CircuitDesign, layers: number, heads: number, rng: Rng): Plan {
  const all = Array.from({ length: layers }, () => new Array<PlannedNode<HeadRoleName> | undefined>(heads));
  for (const [role, layer, ...gains] of design.heads) {
    const free = Array.from({ length: heads }, (_, head) => head).filter((head) => all[layer]![head] === undefined);
    rng.sample(free, gains.length).forEach((head, i) => {
      all[layer]![head] = { role, gain: gains[i]!, planted: true, accent: accents(rng) };
    });
  }
  all.forEach((row, layer) => {
    const possible = design.weak.filter(({ first, last }) => first <= layer && layer <= last);
    for (let head = 0; head < heads; head++) {
      if (row[head] !== undefined) continue;
      let drawn = rng.next();
      const weak = possible.find(({ share }) => (drawn -= share) < 0);
      if (!weak) continue;
      const gain = weak.most * WEAK_RANGE ** -rng.next();
      row[head] = { role: weak.role, gain, planted: false, accent: accents(rng) };
    }
  });
  const mlps = new Array<PlannedNode<MlpRoleName> | undefined>(layers);
  for (const [role, layer, gain] of design.mlps) mlps[layer] = { role, gain, planted: true, accent: accents(rng) };
  return { heads: all, mlps };
}

function accents(rng: Rng): Record<string, number> {
  const ports = ['q', 'k', 'v', 'in'];
  return Object.fromEntries(
    ports.flatMap((port) => CHANNELS.map((channel) => [port + channel, 0.8 + 0.4 * rng.next()])),
  );
}

/** Where a node stands: the heads of a layer read before its MLP does. */
export interface Stage {
  readonly layer: number;
  readonly isMlp: boolean;
}

/** Norm of a name's code in a channel where a node reads it: what the nodes before have written. */
export function amplitude(plan: Plan, channel: Channel, { layer, isMlp }: Stage): number {
  let sum = channel === 'token' ? 1 : 0;
  plan.heads.forEach((row, l) => {
    if (l > layer || (l === layer && !isMlp)) return;
    for (const node of row) if (node) sum += node.gain * (HEAD_ROLES[node.role].out[channel] ?? 0);
  });
  plan.mlps.forEach((node, l) => {
    if (l < layer && node) sum += node.gain * (MLP_ROLES[node.role].out[channel] ?? 0);
  });
  return sum;
}

/**
 * Factors by which a port reads channels: such that what it reads has a code of about norm 1, made up of the channels
 * in the role's shares. Channels that nothing has been written to yet have no share.
 */
export function readingOf(
  plan: Plan,
  node: PlannedNode<HeadRoleName | MlpRoleName>,
  port: 'q' | 'k' | 'v' | 'in',
  stage: Stage,
): Mix {
  const shares = portShares(node.role, port);
  const written = Object.entries(shares).filter(([channel]) => amplitude(plan, channel as Channel, stage) > 0);
  const total = written.reduce((sum, [, share]) => sum + share, 0);
  return Object.fromEntries(
    written.map(([channel, share]) => [
      channel,
      (share / total / amplitude(plan, channel as Channel, stage)) * node.accent[port + channel]!,
    ]),
  );
}

function portShares(role: HeadRoleName | MlpRoleName, port: 'q' | 'k' | 'v' | 'in'): Mix {
  return port === 'in' ? MLP_ROLES[role as MlpRoleName].in : HEAD_ROLES[role as HeadRoleName][port];
}

/** Ids of the planted edges: those whose writer and receiver belong to the circuit and share a channel. */
export function plantedEdges(plan: Plan, topology: Topology): number[] {
  const written: Mix[] = topology.writers.map((writer) => {
    if (writer.kind === 'input') return { token: 1 };
    if (writer.kind === 'mlp') {
      const node = plan.mlps[writer.layer];
      return node?.planted ? MLP_ROLES[node.role].out : {};
    }
    const node = plan.heads[writer.layer]![writer.head];
    return node?.planted ? HEAD_ROLES[node.role].out : {};
  });
  const edges: number[] = [];
  const connect = (port: number, reading: Mix): void => {
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      if (Object.keys(reading).some((channel) => channel in written[writer]!)) {
        edges.push(topology.additionEdge(writer, port));
      }
    }
  };
  for (let layer = 0; layer < topology.layers; layer++) {
    plan.heads[layer]!.forEach((node, head) => {
      if (!node?.planted) return;
      for (const branch of BRANCHES) connect(topology.headPort(layer, branch, head), HEAD_ROLES[node.role][branch]);
    });
    const mlp = plan.mlps[layer];
    if (mlp?.planted) connect(topology.mlpPort(layer), MLP_ROLES[mlp.role].in);
  }
  connect(topology.logitsPort, { answer: 1 });
  return edges.sort((a, b) => a - b);
}
