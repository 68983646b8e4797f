import { BRANCHES } from '../circuit/nodes.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { NodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';
import { PANEL4, type LayerWeights, type Matrix } from '../model/weights.js';
import { everyRow, JOB_WORDS, jobWords, wholeJobs, type WholeJob } from './matmul.js';

/** Where the jobs of one dispatch are listed, and how many there are. */
export interface JobTable {
  readonly jobsAt: number;
  count: number;
}

/** The job tables of one layer; of a matrix, one per chunk. */
export interface LayerTables {
  readonly headInputs: JobTable;
  readonly projections: readonly JobTable[];
  /** Cut direct edges: (circuit, port). */
  readonly replaced: JobTable;
  /** Heads in use: circuit * H + head. */
  readonly heads: JobTable;
  readonly attentionOut: readonly JobTable[];
  readonly mlpInput: JobTable;
  readonly mlpIn: readonly JobTable[];
  readonly mlpOut: readonly JobTable[];
}

/** A circuit to compute, and the nodes of it that matter. */
export interface CircuitInUse {
  readonly circuit: EdgeSet;
  readonly use: NodesInUse;
}

/**
 * The words that tell the kernels of one pass which circuits to compute, and which nodes of them. Tables have fixed places,
 * sized for the worst case, so that operations can be bound once; `fill` rewrites their contents.
 *
 * Two kinds of work are left out, without changing a bit of the result: nodes that no kept path leads from to the logits, and
 * inputs that several ports of a layer share, which are formed and normed once.
 */
export class CircuitTables {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly layers: readonly LayerTables[];
  readonly logits: JobTable;
  readonly #topology: Topology;
  readonly #layout: Layout;
  readonly #tokens: number;
  readonly #weights: readonly LayerWeights[];

  constructor(topology: Topology, layout: Layout, weights: readonly LayerWeights[], tokens: number, circuits: number) {
    this.#topology = topology;
    this.#layout = layout;
    this.#tokens = tokens;
    this.#weights = weights;
    const headPorts = 3 * topology.heads;
    let size = 0;
    const table = (words: number): JobTable => {
      const region = { jobsAt: size, count: 0 };
      size += words;
      return region;
    };
    // Input jobs take two words each and are followed by their masks.
    const inputs = (ports: number, port: number): JobTable =>
      table(circuits * ports * (2 + Math.ceil(topology.fanIn(port) / 32)));
    const products = (matrix: Matrix, jobs: number): JobTable[] => matrix.chunks.map(() => table(JOB_WORDS * jobs));
    this.layers = weights.map((layer, l) => ({
      headInputs: inputs(headPorts, topology.headPort(l, 'q', 0)),
      // A run of ports with one input makes one job, or one more for every border of a panel inside it.
      projections: products(layer.qkv, circuits * (headPorts + Math.ceil(layer.qkv.columns4 / PANEL4))),
      replaced: table(2 * circuits * headPorts),
      heads: table(circuits * topology.heads),
      attentionOut: products(layer.attentionOut, circuits * topology.heads),
      mlpInput: inputs(1, topology.mlpPort(l)),
      mlpIn: products(layer.mlpIn, circuits),
      mlpOut: products(layer.mlpOut, circuits),
    }));
    this.logits = inputs(1, topology.logitsPort);
    this.words = new Uint32Array(size);
  }

  fill(circuits: readonly CircuitInUse[]): void {
    for (let l = 0; l < this.#topology.layers; l++) {
      this.#fillAttention(l, circuits);
      this.#fillMlp(l, circuits);
    }
    this.#fillInputs(this.logits, circuits, [this.#topology.logitsPort]);
  }

  #fillAttention(l: number, circuits: readonly CircuitInUse[]): void {
    const topology = this.#topology;
    const { heads } = topology;
    const tables = this.layers[l]!;
    const ports = BRANCHES.flatMap((branch) =>
      Array.from({ length: heads }, (_, head) => topology.headPort(l, branch, head)),
    );
    this.#fillProjections(l, ports, circuits, this.#fillInputs(tables.headInputs, circuits, ports));

    const used = circuits.flatMap(({ use }, c) =>
      Array.from({ length: heads }, (_, h) => h)
        .filter((h) => use.writers[topology.headWriter(l, h)])
        .map((h) => ({ c, h })),
    );
    const replaced = used.flatMap(({ c, h }) =>
      BRANCHES.flatMap((branch, b) => {
        const cut = !circuits[c]!.circuit.has(topology.directEdge(topology.headPort(l, branch, h)));
        return cut ? [[c, b * heads + h]] : [];
      }),
    );
    this.#write(tables.replaced, replaced);
    this.#write(
      tables.heads,
      used.map(({ c, h }) => [c * heads + h]),
    );
    const { head4 } = this.#layout;
    const jobs = used.map(({ c, h }) => ({
      a: (c * heads + h) * this.#tokens * head4,
      weight: h * 4 * head4 * PANEL4,
      out: this.#writerAt(c, topology.headWriter(l, h)),
      rows: everyRow(this.#tokens),
    }));
    this.#writeProduct(tables.attentionOut, this.#weights[l]!.attentionOut, jobs);
  }

  #fillMlp(l: number, circuits: readonly CircuitInUse[]): void {
    const { width4, mlp4 } = this.#layout;
    const tables = this.layers[l]!;
    // slots[c] is undefined where the MLP of circuit c is not in use.
    const slots = this.#fillInputs(tables.mlpInput, circuits, [this.#topology.mlpPort(l)]);
    const used = slots.flatMap((slot, c) => (slot === undefined ? [] : [{ c, slot }]));
    const { mlpIn, mlpOut } = this.#weights[l]!;
    const hiddenAt = (c: number): number => c * this.#tokens * mlp4;
    this.#writeProduct(
      tables.mlpIn,
      mlpIn,
      used.map(({ c, slot }) => ({ a: slot * this.#tokens * width4, out: hiddenAt(c), rows: everyRow(this.#tokens) })),
    );
    this.#writeProduct(
      tables.mlpOut,
      mlpOut,
      used.map(({ c }) => ({
        a: hiddenAt(c),
        out: this.#writerAt(c, this.#topology.mlpWriter(l)),
        rows: everyRow(this.#tokens),
      })),
    );
  }

  /**
   * One job per distinct (circuit, mask) among the ports in use, each followed by its mask.
   *
   * @returns per circuit and port the job that makes its input; undefined for a port that is not in use.
   */
  #fillInputs(table: JobTable, circuits: readonly CircuitInUse[], ports: readonly number[]): (number | undefined)[] {
    const masks: { readonly c: number; readonly mask: Uint32Array }[] = [];
    const slots = circuits.flatMap(({ circuit, use }, c) => {
      const known = new Map<string, number>();
      return ports.map((port) => {
        if (!use.ports[port]) return undefined;
        const mask = circuit.bits(this.#topology.firstEdge(port), this.#topology.fanIn(port));
        const key = mask.join();
        const slot = known.get(key) ?? masks.push({ c, mask }) - 1;
        known.set(key, slot);
        return slot;
      });
    });
    const masksAt = table.jobsAt + 2 * masks.length;
    this.#write(
      table,
      masks.map(({ c, mask }, j) => [c, masksAt + j * mask.length]),
    );
    masks.forEach(({ mask }, j) => this.words.set(mask, masksAt + j * mask.length));
    return slots;
  }

  /** Ports side by side that read the same input are projected by one job per panel. */
  #fillProjections(
    layer: number,
    ports: readonly number[],
    circuits: readonly CircuitInUse[],
    slots: readonly (number | undefined)[],
  ): void {
    const { head4, width4 } = this.#layout;
    this.#weights[layer]!.qkv.chunks.forEach((chunk, i) => {
      const jobs: number[][] = [];
      const endOfChunk = chunk.firstColumn4 + chunk.columns4;
      for (let c = 0; c < circuits.length; c++) {
        const slotOf = (column4: number): number | undefined => slots[c * ports.length + Math.floor(column4 / head4)];
        for (let first = chunk.firstColumn4, end = first; first < endOfChunk; first = end) {
          const panelAt = Math.floor(first / PANEL4) * PANEL4;
          const slot = slotOf(first);
          do end++;
          while (end < Math.min(panelAt + PANEL4, endOfChunk) && slotOf(end) === slot);
          if (slot === undefined) continue;
          jobs.push(
            jobWords({
              a: slot * this.#tokens * width4,
              weight: 4 * width4 * (panelAt - chunk.firstColumn4),
              bias: panelAt,
              out: c * this.#tokens * ports.length * head4 + panelAt,
              firstColumn4: first - panelAt,
              endColumn4: end - panelAt,
              rows: everyRow(this.#tokens),
            }),
          );
        }
      }
      this.#write(this.layers[layer]!.projections[i]!, jobs);
    });
  }

  #writerAt(c: number, writer: number): number {
    return (c * this.#topology.writers.length + writer) * this.#tokens * this.#layout.width4;
  }

  #writeProduct(tables: readonly JobTable[], matrix: Matrix, jobs: readonly WholeJob[]): void {
    matrix.chunks.forEach((chunk, i) => this.#write(tables[i]!, wholeJobs(chunk, jobs)));
  }

  #write(table: JobTable, jobs: readonly (readonly number[])[]): void {
    let at = table.jobsAt;
    for (const words of jobs) {
      this.words.set(words, at);
      at += words.length;
    }
    table.count = jobs.length;
  }
}
