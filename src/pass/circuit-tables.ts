import { BRANCHES } from '../circuit/nodes.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { REACH, type Reach, type NodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';
import { matrixChunks, PANEL4, type ChunkColumns } from '../gpu/product/matrix.js';
import type { Work } from '../gpu/gpu.js';
import { jobSize, packJob, type JobKernel } from '../gpu/kernel.js';
import { everyRow, jobWords, wholeJobs, type RowsOf, type WholeJob } from '../gpu/product/matmul.js';
import type { PassShape } from './pass-plan.js';
import type { CutSums } from './cut-sums.js';
import { FROM_CONSTANT } from './port-inputs.js';
import type { RowLists } from './row-lists.js';
import { attentionWork, normWork, productWork, sumWork } from '../gpu/work.js';

/** Where the jobs of one dispatch are listed, how many there are, and the most rows of one. */
export interface JobTable {
  readonly jobsAt: number;
  count: number;
  rows: number;
}

/** The jobs that form inputs of ports, the rows of all of them together, and what must be done to bases first. */
export interface InputTables {
  readonly bases: JobTable;
  readonly inputs: JobTable;
  totalRows: number;
}

/** The job tables of one layer; of a matrix, one per chunk. */
export interface LayerTables {
  readonly headInputs: InputTables;
  readonly projections: readonly JobTable[];
  /** Cut direct edges. */
  readonly replaced: JobTable;
  /** Heads to compute. */
  readonly heads: JobTable;
  readonly attentionOut: readonly JobTable[];
  readonly mlpInput: InputTables;
  readonly mlpIn: readonly JobTable[];
  readonly mlpOut: readonly JobTable[];
}

/** A circuit to compute, and where which nodes of it are to be computed. */
export interface CircuitWork {
  readonly circuit: EdgeSet;
  readonly compute: NodesInUse;
}

/** The input of a port as the kernels make it: its first row among the rows of all inputs, and its token rows. */
interface InputSlot {
  readonly firstRow: number;
  readonly rows: RowsOf;
}

/**
 * The words that tell the kernels of one pass which circuits to compute, which nodes of them, and where. Job tables have fixed
 * places, sized for the worst case, so that operations can be bound once; lists of writers follow after them. `fill` rewrites
 * all but row lists that it has already.
 *
 * Two kinds of work are left out, without changing a bit of the result: what `compute` leaves out, and inputs that several ports
 * of a layer share, which are formed and normed once.
 */
export class CircuitTables {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly layers: readonly LayerTables[];
  readonly logits: InputTables;
  readonly #topology: Topology;
  readonly #layout: Layout;
  readonly #tokens: number;
  readonly #chunks: Readonly<Record<'qkv' | 'attentionOut' | 'mlpIn' | 'mlpOut', readonly ChunkColumns[]>>;
  /** Where the row lists are, by reach; logits have one of their own. */
  readonly #rowsAt: Readonly<Record<keyof RowLists, number>>;
  readonly #rowCounts: Record<keyof RowLists, number> = { every: 0, differing: 0, metric: 0, logits: 0 };
  #rowLists: RowLists | null = null;
  readonly #listsAt: number;
  #used = 0;
  /** Query-key pairs of the rows of each list. */
  readonly #pairs: Record<keyof RowLists, number> = { every: 0, differing: 0, metric: 0, logits: 0 };
  readonly #sequence: number;
  #work: Work = { flops: 0, bytes: 0 };

  /** @param chunkBytes most bytes of a chunk of a matrix. */
  constructor(topology: Topology, layout: Layout, shape: PassShape, chunkBytes: number) {
    this.#topology = topology;
    this.#layout = layout;
    this.#tokens = shape.prompts * shape.sequence;
    this.#sequence = shape.sequence;
    const { circuits } = shape;
    const { width4, head4, mlp4 } = layout;
    const headPorts = topology.attentionPorts;
    this.#chunks = {
      qkv: matrixChunks(width4, headPorts * head4, chunkBytes),
      attentionOut: matrixChunks(topology.heads * head4, width4, chunkBytes),
      mlpIn: matrixChunks(width4, mlp4, chunkBytes),
      mlpOut: matrixChunks(mlp4, width4, chunkBytes),
    };
    let size = 0;
    const region = (words: number): number => (size += words) - words;
    const table = (kernel: JobKernel, most: number): JobTable => ({
      jobsAt: region(jobSize(kernel) * most),
      count: 0,
      rows: 0,
    });
    const inputs = (ports: number): InputTables => ({
      bases: table('port_bases', ports), // a port's base changes at most once a pass
      inputs: table('port_inputs', circuits * ports),
      totalRows: 0,
    });
    const products = (chunks: readonly ChunkColumns[], jobs: number): JobTable[] =>
      chunks.map(() => table('matmul', jobs));
    this.#rowsAt = {
      every: region(this.#tokens),
      differing: region(this.#tokens),
      metric: region(shape.prompts),
      logits: region(shape.prompts),
    };
    this.layers = Array.from({ length: topology.layers }, () => ({
      headInputs: inputs(headPorts),
      // A run of ports with one input makes one job, or one more for every border of a panel inside it.
      projections: products(this.#chunks.qkv, circuits * (headPorts + Math.ceil((headPorts * head4) / PANEL4))),
      replaced: table('copy_rows', circuits * headPorts),
      heads: table('attention_pattern', circuits * topology.heads),
      attentionOut: products(this.#chunks.attentionOut, circuits * topology.heads),
      mlpInput: inputs(1),
      mlpIn: products(this.#chunks.mlpIn, circuits),
      mlpOut: products(this.#chunks.mlpOut, circuits),
    }));
    this.logits = inputs(1);
    this.#listsAt = size;
    // Every writer of a port is listed once per circuit, as cut or as kept, and at most once more to bring a base up to date.
    this.words = new Uint32Array(size + (circuits + 1) * topology.additionEdges);
  }

  /** The words that the last `fill` wrote. */
  get written(): Uint32Array<ArrayBuffer> {
    return this.words.subarray(0, this.#used);
  }

  /** What the jobs of the last `fill` cost: operations on f32, and bytes that they read and write at least. */
  get work(): Work {
    return this.#work;
  }

  /** Rows of all jobs of the layer's or the logits' inputs start at row 0 of their tensor, job after job. */
  fill(circuits: readonly CircuitWork[], rows: RowLists, bases: CutSums): void {
    this.#used = this.#listsAt;
    this.#work = { flops: 0, bytes: 0 };
    bases.nextPass();
    if (rows !== this.#rowLists) this.#takeRows(rows);
    for (let l = 0; l < this.#topology.layers; l++) {
      this.#fillAttention(l, circuits, bases);
      this.#fillMlp(l, circuits, bases);
    }
    const { logitsPort } = this.#topology;
    this.#fillInputs(this.logits, circuits, [logitsPort], bases, () => this.#rows('logits'));
  }

  /** The lists stay where they are until others come. */
  #takeRows(rows: RowLists): void {
    this.#rowLists = rows;
    for (const name of ['every', 'differing', 'metric', 'logits'] as const) {
      this.words.set(rows[name], this.#rowsAt[name]);
      this.#rowCounts[name] = rows[name].length;
      this.#pairs[name] = rows[name].reduce((sum, row) => sum + (row % this.#sequence) + 1, 0);
    }
  }

  #fillAttention(l: number, circuits: readonly CircuitWork[], bases: CutSums): void {
    const topology = this.#topology;
    const { heads } = topology;
    const { head4 } = this.#layout;
    const tables = this.layers[l]!;
    const ports = BRANCHES.flatMap((branch) =>
      Array.from({ length: heads }, (_, head) => topology.headPort(l, branch, head)),
    );
    this.#fillProjections(l, ports, circuits, this.#fillInputs(tables.headInputs, circuits, ports, bases));

    const computed = circuits.flatMap(({ compute }, c) =>
      Array.from({ length: heads }, (_, h) => ({ c, h, reach: compute.writers[topology.headWriter(l, h)]! })).filter(
        ({ reach }) => reach !== REACH.none,
      ),
    );
    this.#write(
      tables.replaced,
      computed.flatMap(({ c, h, reach }) =>
        BRANCHES.flatMap((branch) => {
          const cut = !circuits[c]!.circuit.has(topology.directEdge(topology.headPort(l, branch, h)));
          const rows = this.#rowsOf(branch === 'q' || reach !== REACH.metric ? reach : REACH.differing);
          const port = topology.attentionPort(branch, h);
          return cut ? [{ words: this.#replacement(c, l, port, rows), rows: rows.count }] : [];
        }),
      ),
    );
    this.#write(
      tables.heads,
      computed.map(({ c, h, reach }) => {
        const rows = this.#rowsOf(reach);
        this.#add(attentionWork(this.#pairs[listOf(reach)], rows.count, 4 * head4, this.#tokens, this.#sequence));
        const job = { circuit_head: c * heads + h, rows_at: rows.at, rows: rows.count };
        return { words: packJob('attention_pattern', job), rows: rows.count };
      }),
    );
    const jobs = computed.map(({ c, h, reach }) => ({
      a: (c * heads + h) * this.#tokens * head4,
      weight: h * 4 * head4 * PANEL4,
      out: this.#writerAt(c, topology.headWriter(l, h)),
      rows: this.#rowsOf(reach),
    }));
    this.#writeProduct(tables.attentionOut, this.#chunks.attentionOut, head4, jobs);
  }

  /** A job that gives some rows of a port's projection [T, ports, dh] those of the ablated projections [L, T, ports, dh]. */
  #replacement(circuit: number, layer: number, port: number, rows: RowsOf): number[] {
    const columns = 4 * this.#layout.head4;
    const stride = this.#topology.attentionPorts * columns;
    const size = this.#tokens * stride;
    return packJob('copy_rows', {
      rows: rows.count,
      columns,
      out_at: circuit * size + port * columns,
      out_stride: stride,
      out_rows_at: rows.at,
      source_at: layer * size + port * columns,
      source_stride: stride,
      source_step: 1,
      source_rows_at: rows.at,
      adds: 0,
    });
  }

  #fillMlp(l: number, circuits: readonly CircuitWork[], bases: CutSums): void {
    const { width4, mlp4 } = this.#layout;
    const tables = this.layers[l]!;
    // slots[c] is undefined where the MLP of circuit c is not computed.
    const slots = this.#fillInputs(tables.mlpInput, circuits, [this.#topology.mlpPort(l)], bases);
    const computed = slots.flatMap((slot, c) => (slot === undefined ? [] : [{ c, ...slot }]));
    const hiddenAt = (c: number): number => c * this.#tokens * mlp4;
    this.#writeProduct(
      tables.mlpIn,
      this.#chunks.mlpIn,
      width4,
      computed.map(({ c, firstRow, rows }) => ({
        a: firstRow * width4,
        out: hiddenAt(c),
        rows: everyRow(rows.count),
      })),
    );
    this.#writeProduct(
      tables.mlpOut,
      this.#chunks.mlpOut,
      mlp4,
      computed.map(({ c, rows }) => ({ a: hiddenAt(c), out: this.#writerAt(c, this.#topology.mlpWriter(l)), rows })),
    );
  }

  /**
   * One job per distinct (circuit, mask, rows) among the ports to compute.
   *
   * @returns per circuit and port its input; undefined for a port that is not computed.
   */
  #fillInputs(
    tables: InputTables,
    circuits: readonly CircuitWork[],
    ports: readonly number[],
    bases: CutSums,
    rowsOf: (reach: Reach) => RowsOf = (reach) => this.#rowsOf(reach),
  ): (InputSlot | undefined)[] {
    const topology = this.#topology;
    const width = 4 * this.#layout.width4;
    const jobs: TableJob[] = [];
    const updates: TableJob[] = [];
    tables.totalRows = 0;
    const slots = circuits.flatMap(({ circuit, compute }, c) => {
      const known = new Map<string, InputSlot>();
      return ports.map((port) => {
        const reach = compute.ports[port]!;
        if (reach === REACH.none) return undefined;
        const mask = circuit.bits(topology.firstEdge(port), topology.fanIn(port));
        const key = `${reach} ${mask.join()}`;
        let slot = known.get(key);
        if (slot) return slot;
        const rows = rowsOf(reach);
        slot = { firstRow: tables.totalRows, rows };
        known.set(key, slot);
        tables.totalRows += rows.count;
        const { kept, cut } = splitWriters(mask, topology.fanIn(port));
        const { slot: sumSlot = FROM_CONSTANT, further, update } = bases.use(port, reach, cut);
        if (update) {
          const list = this.#list(update.writers);
          const words = packJob('port_bases', {
            slab: update.slot,
            resume: update.resume ? 1 : 0,
            rows_at: rows.at,
            rows: rows.count,
            writers_at: list.at,
            writers: list.count,
          });
          updates.push({ words, rows: rows.count });
          this.#add(sumWork(rows.count, width, update.writers.length));
        }
        const [cutList, keptList] = [this.#list(further), this.#list(kept)];
        const words = packJob('port_inputs', {
          circuit: c,
          rows_at: rows.at,
          rows: rows.count,
          first_row: slot.firstRow,
          slab: sumSlot,
          cut_at: cutList.at,
          cut: cutList.count,
          kept_at: keptList.at,
          kept: keptList.count,
        });
        jobs.push({ words, rows: rows.count });
        this.#add(sumWork(rows.count, width, further.length + kept.length));
        this.#add(normWork(rows.count, width));
        return slot;
      });
    });
    this.#write(tables.bases, updates);
    this.#write(tables.inputs, jobs);
    return slots;
  }

  /** Ports side by side that read the same input are projected by one job per panel. */
  #fillProjections(
    layer: number,
    ports: readonly number[],
    circuits: readonly CircuitWork[],
    slots: readonly (InputSlot | undefined)[],
  ): void {
    const { head4, width4 } = this.#layout;
    this.#chunks.qkv.forEach((chunk, i) => {
      const jobs: TableJob[] = [];
      const endOfChunk = chunk.firstColumn4 + chunk.columns4;
      for (let c = 0; c < circuits.length; c++) {
        const slotOf = (column4: number): InputSlot | undefined =>
          slots[c * ports.length + Math.floor(column4 / head4)];
        for (let first = chunk.firstColumn4, end = first; first < endOfChunk; first = end) {
          const panelAt = Math.floor(first / PANEL4) * PANEL4;
          const slot = slotOf(first);
          do end++;
          while (end < Math.min(panelAt + PANEL4, endOfChunk) && slotOf(end) === slot);
          if (slot === undefined) continue;
          const words = jobWords({
            a: slot.firstRow * width4,
            weight: 4 * width4 * (panelAt - chunk.firstColumn4),
            bias: panelAt,
            out: c * this.#tokens * ports.length * head4 + panelAt,
            firstColumn4: first - panelAt,
            endColumn4: end - panelAt,
            rows: slot.rows,
          });
          jobs.push({ words, rows: slot.rows.count });
          this.#add(productWork(slot.rows.count, 4 * width4, 4 * (end - first)));
        }
      }
      this.#write(this.layers[layer]!.projections[i]!, jobs);
    });
  }

  #writerAt(c: number, writer: number): number {
    return (c * this.#topology.writers.length + writer) * this.#tokens * this.#layout.width4;
  }

  #rowsOf(reach: Reach): RowsOf {
    return this.#rows(listOf(reach));
  }

  #rows(name: keyof RowLists): RowsOf {
    return { count: this.#rowCounts[name], at: this.#rowsAt[name] };
  }

  /** Writes a list after all others. Returns where it is and its length. */
  #list(writers: readonly number[]): RowsOf {
    const at = this.#used;
    this.words.set(writers, at);
    this.#used += writers.length;
    return { at, count: writers.length };
  }

  #writeProduct(
    tables: readonly JobTable[],
    chunks: readonly ChunkColumns[],
    inner4: number,
    jobs: readonly WholeJob[],
  ): void {
    chunks.forEach((chunk, i) => {
      for (const { rows } of jobs) this.#add(productWork(rows.count, 4 * inner4, 4 * chunk.columns4));
      const words = wholeJobs(chunk, jobs);
      this.#write(
        tables[i]!,
        jobs.map(({ rows }, j) => ({ words: words[j]!, rows: rows.count })),
      );
    });
  }

  #add({ flops, bytes }: Work): void {
    this.#work = { flops: this.#work.flops + flops, bytes: this.#work.bytes + bytes };
  }

  #write(table: JobTable, jobs: readonly TableJob[]): void {
    let at = table.jobsAt;
    table.rows = 0;
    for (const { words, rows } of jobs) {
      this.words.set(words, at);
      at += words.length;
      table.rows = Math.max(table.rows, rows);
    }
    table.count = jobs.length;
  }
}

function listOf(reach: Reach): keyof RowLists {
  return reach === REACH.metric ? 'metric' : reach === REACH.differing ? 'differing' : 'every';
}

/** How many words the tables of such a pass take. */
export function tableWords(topology: Topology, layout: Layout, shape: PassShape, chunkBytes: number): number {
  return new CircuitTables(topology, layout, shape, chunkBytes).words.length;
}

/** The words of one job, and its rows. */
interface TableJob {
  readonly words: readonly number[];
  readonly rows: number;
}

/** A port's writers in the order in which it adds them up: the cut ones, then the kept ones, each from the last to the first. */
function splitWriters(mask: Uint32Array, fanIn: number): { readonly kept: number[]; readonly cut: number[] } {
  const kept: number[] = [];
  const cut: number[] = [];
  for (let u = fanIn - 1; u >= 0; u--) (((mask[u >> 5]! >>> (u & 31)) & 1) === 1 ? kept : cut).push(u);
  return { kept, cut };
}
