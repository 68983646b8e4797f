import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';
import { PANEL4, type Matrix } from '../model/weights.js';
import { BRANCHES } from '../circuit/nodes.js';
import { JOB_WORDS, jobWords, type MatmulJob } from './matmul.js';

/** Where the jobs of one dispatch are listed, and how many there are. */
export interface JobTable {
  readonly jobsAt: number;
  count: number;
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
  readonly attention: readonly JobTable[];
  readonly mlp: readonly JobTable[];
  readonly logits: JobTable;
  /** projections[l][i]: jobs of chunk i of layer l's q/k/v matrix. */
  readonly projections: readonly (readonly JobTable[])[];
  /** replaced[l]: jobs of kernels/replace_ports.wgsl, the cut direct edges of layer l. */
  readonly replaced: readonly JobTable[];
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
    const table = (words: number): JobTable => {
      const region = { jobsAt: size, count: 0 };
      size += words;
      return region;
    };
    const inputs = (ports: number, writers: number): JobTable =>
      table(circuits * ports * (2 + Math.ceil(writers / 32)));
    const attention: JobTable[] = [];
    const mlp: JobTable[] = [];
    const projections: JobTable[][] = [];
    const replaced: JobTable[] = [];
    for (let l = 0; l < topology.layers; l++) {
      attention.push(inputs(headPorts, topology.fanIn(topology.headPort(l, 'q', 0))));
      mlp.push(inputs(1, topology.fanIn(topology.mlpPort(l))));
      // A run of ports with one input makes one job, or one more for every border of a panel inside it.
      projections.push(
        qkv[l]!.chunks.map(() => table(JOB_WORDS * circuits * (headPorts + Math.ceil(qkv[l]!.columns4 / PANEL4)))),
      );
      replaced.push(table(2 * circuits * headPorts));
    }
    this.logits = inputs(1, topology.writers.length);
    this.attention = attention;
    this.mlp = mlp;
    this.projections = projections;
    this.replaced = replaced;
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
  #fillInputs(region: JobTable, circuits: readonly EdgeSet[], ports: readonly number[]): number[] {
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

  /**
   * Projections: ports side by side that read the same input are made by one job per panel. A port whose direct edge is cut
   * is projected all the same and then replaced, which keeps the runs whole.
   */
  #fillProjections(
    layer: number,
    circuits: readonly EdgeSet[],
    ports: readonly number[],
    slots: readonly number[],
  ): void {
    const { head4, width4 } = this.#layout;
    const allColumns4 = ports.length * head4;
    this.#qkv[layer]!.chunks.forEach((chunk, i) => {
      const region = this.projections[layer]![i]!;
      region.count = 0;
      const endOfChunk = chunk.firstColumn4 + chunk.columns4;
      for (let c = 0; c < circuits.length; c++) {
        const slotOf = (column4: number): number => slots[c * ports.length + Math.floor(column4 / head4)]!;
        for (let first = chunk.firstColumn4; first < endOfChunk;) {
          const panelAt = Math.floor(first / PANEL4) * PANEL4;
          let end = first + 1;
          while (end < Math.min(panelAt + PANEL4, endOfChunk) && slotOf(end) === slotOf(first)) end++;
          const job: MatmulJob = {
            a: slotOf(first) * this.#tokens * width4,
            weight: 4 * width4 * (panelAt - chunk.firstColumn4),
            bias: panelAt,
            out: c * this.#tokens * allColumns4 + panelAt,
            firstColumn4: first - panelAt,
            endColumn4: end - panelAt,
          };
          this.words.set(jobWords(job), region.jobsAt + JOB_WORDS * region.count++);
          first = end;
        }
      }
    });
    const replaced = this.replaced[layer]!;
    replaced.count = 0;
    circuits.forEach((circuit, c) => {
      ports.forEach((port, p) => {
        if (!circuit.has(this.#topology.directEdge(port))) {
          this.words.set([c, p], replaced.jobsAt + 2 * replaced.count++);
        }
      });
    });
  }
}
