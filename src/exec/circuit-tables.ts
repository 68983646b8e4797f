import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { Matrix } from '../model/weights.js';
import type { Layout } from '../model/layout.js';
import { BRANCHES } from '../circuit/nodes.js';

/** Inputs that one port group (the heads of a layer, an MLP, the logits) needs formed: where its jobs are, and how many. */
export interface InputJobs {
  readonly jobsAt: number;
  count: number;
}

/** A cut direct edge: this port of this circuit takes its ablated projection. */
export interface ReplacedPort {
  readonly circuit: number;
  /** Port ordinal in the layer: branch * H + head. */
  readonly port: number;
}

/**
 * The words that tell the kernels of one pass which circuits to compute: per port group the input jobs and edge masks of
 * kernels/port_inputs.wgsl, per layer the projection jobs of kernels/matmul.wgsl. Regions have fixed places, sized for the
 * worst case, so that operations can be bound once; `fill` rewrites their contents.
 *
 * Ports of one circuit and layer with equal masks read the same input, which is then formed and normed once: a pass in
 * which most ports are untouched costs little more than a plain forward pass.
 */
export class CircuitTables {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly attention: readonly InputJobs[];
  readonly mlp: readonly InputJobs[];
  readonly logits: InputJobs;
  /** projections[l][i]: jobs of chunk i of layer l's q/k/v matrix. */
  readonly projections: readonly (readonly InputJobs[])[];
  /** replaced[l]: cut direct edges of layer l in the circuits of the last fill. */
  readonly replaced: ReplacedPort[][];
  readonly #topology: Topology;
  readonly #layout: Layout;
  readonly #tokens: number;
  readonly #qkv: readonly Matrix[];

  constructor(topology: Topology, layout: Layout, qkv: readonly Matrix[], tokens: number, circuits: number) {
    this.#topology = topology;
    this.#layout = layout;
    this.#tokens = tokens;
    this.#qkv = qkv;
    const headPorts = 3 * topology.heads;
    let size = 0;
    // Input jobs take two words each and are followed by their masks.
    const inputs = (ports: number, writers: number): InputJobs => {
      const region = { jobsAt: size, count: 0 };
      size += circuits * ports * (2 + Math.ceil(writers / 32));
      return region;
    };
    const attention: InputJobs[] = [];
    const mlp: InputJobs[] = [];
    const projections: InputJobs[][] = [];
    for (let l = 0; l < topology.layers; l++) {
      attention.push(inputs(headPorts, topology.fanIn(topology.headPort(l, 'q', 0))));
      mlp.push(inputs(1, topology.fanIn(topology.mlpPort(l))));
      projections.push(
        qkv[l]!.chunks.map((chunk) => {
          const region = { jobsAt: size, count: 0 };
          size += 4 * circuits * (chunk.columns4 / layout.head4);
          return region;
        }),
      );
    }
    this.logits = inputs(1, topology.writers.length);
    this.attention = attention;
    this.mlp = mlp;
    this.projections = projections;
    this.replaced = attention.map(() => []);
    this.words = new Uint32Array(size);
  }

  fill(circuits: readonly EdgeSet[]): void {
    const topology = this.#topology;
    for (let l = 0; l < topology.layers; l++) {
      const ports = BRANCHES.flatMap((branch) =>
        Array.from({ length: topology.heads }, (_, head) => topology.headPort(l, branch, head)),
      );
      const slots = this.#fillInputs(this.attention[l]!, circuits, ports);
      this.#fillProjections(l, circuits, ports, slots);
      this.#fillInputs(this.mlp[l]!, circuits, [topology.mlpPort(l)]);
    }
    this.#fillInputs(this.logits, circuits, [topology.logitsPort]);
  }

  /** Writes one job per distinct (circuit, mask); returns the job of every circuit and port. */
  #fillInputs(region: InputJobs, circuits: readonly EdgeSet[], ports: readonly number[]): number[] {
    const slots: number[] = [];
    const masks: Uint32Array[] = [];
    const jobs: number[] = [];
    circuits.forEach((circuit, c) => {
      const known = new Map<string, number>();
      for (const port of ports) {
        const mask = circuit.bits(this.#topology.firstEdge(port), this.#topology.fanIn(port));
        const key = mask.join();
        let slot = known.get(key);
        if (slot === undefined) {
          slot = jobs.length;
          known.set(key, slot);
          jobs.push(c);
          masks.push(mask);
        }
        slots.push(slot);
      }
    });
    const masksAt = region.jobsAt + 2 * jobs.length;
    jobs.forEach((circuit, j) => {
      const maskAt = masksAt + j * masks[j]!.length;
      this.words[region.jobsAt + 2 * j] = circuit;
      this.words[region.jobsAt + 2 * j + 1] = maskAt;
      this.words.set(masks[j]!, maskAt);
    });
    region.count = jobs.length;
    return slots;
  }

  /** One projection per circuit and port: from its input's slot, with its head's columns, to its place among the ports. */
  #fillProjections(layer: number, circuits: readonly EdgeSet[], ports: readonly number[], slots: readonly number[]): void {
    const { head4, width4 } = this.#layout;
    const replaced: ReplacedPort[] = [];
    this.#qkv[layer]!.chunks.forEach((chunk, i) => {
      const region = this.projections[layer]![i]!;
      region.count = 0;
      circuits.forEach((circuit, c) => {
        ports.forEach((port, p) => {
          const column4 = p * head4;
          if (column4 < chunk.firstColumn4 || column4 >= chunk.firstColumn4 + chunk.columns4) return;
          if (!circuit.has(this.#topology.directEdge(port))) {
            replaced.push({ circuit: c, port: p });
            return;
          }
          const slot = slots[c * ports.length + p]!;
          const at = region.jobsAt + 4 * region.count++;
          this.words[at] = slot * this.#tokens * width4;
          this.words[at + 1] = column4 - chunk.firstColumn4;
          this.words[at + 2] = column4;
          this.words[at + 3] = (c * ports.length + p) * this.#tokens * head4;
        });
      });
    });
    this.replaced[layer] = replaced;
  }
}
