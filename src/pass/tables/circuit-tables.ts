import { projectedBranches } from '../../block/projections.js';
import { branchPlaces, columnRuns, type ColumnRun } from '../../block/projected-ports.js';
import { BRANCHES } from '../../circuit/nodes.js';
import { portReach, REACH, type Reach } from '../../circuit/reachability.js';
import type { Topology } from '../../circuit/topology.js';
import type { Job } from '../../gpu/kernel.js';
import { everyRow, type RowsOf, type WholeJob } from '../../gpu/product/matmul.js';
import { PANEL4 } from '../../gpu/product/matrix.js';
import { attentionWork, normWork, productWork, type Work } from '../../gpu/work.js';
import { projectionHead, type Layout } from '../../model/layout.js';
import { writeInputs, type CircuitWork, type InputForm, type InputSlot } from './input-jobs.js';
import { writeJointNorms } from './joint-norm-jobs.js';
import { NormedInputs } from './normed-inputs.js';
import { SummedInputs } from './summed-inputs.js';
import { JobWriter, type WordRange } from './job-writer.js';
import type { PassShape } from '../pass-plan.js';
import type { CutSums } from '../cut-sums.js';
import { writeProjections } from './projection-jobs.js';
import { shareProjections } from './shared-ports.js';
import type { RowLists } from '../row-lists.js';
import { RowTables } from './row-tables.js';
import { layOutTables, type InputTables, type LayerTables, type TableLayout } from './table-layout.js';

/**
 * The words that tell the kernels of one pass which circuits to compute, which nodes of them, and at which rows. `fill`
 * writes the jobs and their lists, and knows which words it changed: only these are sent to the device.
 *
 * Two kinds of work are left out, without changing a bit of the result: nodes that `compute` leaves out, and inputs
 * that several ports of a layer share, which are formed and normed once.
 */
export class CircuitTables {
  readonly layers: readonly LayerTables[];
  readonly logits: InputTables;
  readonly #topology: Topology;
  readonly #layout: Layout;
  readonly #places: TableLayout;
  readonly #writer: JobWriter;
  readonly #rows: RowTables;
  readonly #runs: readonly ColumnRun[];
  /** Per attention port of a layer the head of the matrix that it reads. */
  readonly #portHeads: readonly number[];
  /** Whether ports read one head of the matrix. */
  readonly #shares: boolean;
  readonly #tokens: number;
  readonly #sequence: number;

  /** @param chunkBytes most bytes of a chunk of a matrix. */
  constructor(topology: Topology, layout: Layout, shape: PassShape, chunkBytes: number) {
    this.#topology = topology;
    this.#layout = layout;
    this.#places = layOutTables(topology, layout, shape, chunkBytes);
    this.#writer = new JobWriter(this.#places.listsAt, this.#places.words);
    this.#rows = new RowTables(this.#places.rowsAt, shape.sequence);
    this.#runs = columnRuns(topology, layout, projectedBranches(layout));
    this.#portHeads = BRANCHES.flatMap((branch) =>
      branchPlaces(topology, branch).map(({ head }) => projectionHead(layout, branch, head)),
    );
    this.#shares = new Set(this.#portHeads).size < this.#portHeads.length;
    this.#tokens = shape.prompts * shape.sequence;
    this.#sequence = shape.sequence;
    this.layers = this.#places.layers;
    this.logits = this.#places.logits;
  }

  /** All words. Their number never changes. */
  get words(): Uint32Array<ArrayBuffer> {
    return this.#writer.words;
  }

  /** The ranges of words that changed since the last call. The device holds all others. */
  takeChanges(): WordRange[] {
    return this.#writer.takeChanges();
  }

  /** Forgets what the device holds: changes were taken that may never reach it. */
  changeAll(): void {
    this.#writer.changeAll();
  }

  /** What the jobs of the last `fill` cost: operations on f32, and bytes that they read and write at least. */
  get work(): readonly Work[] {
    return this.#writer.work;
  }

  /** Writes the jobs of one pass over `circuits`. */
  fill(circuits: readonly CircuitWork[], rows: RowLists, cutSums: CutSums): void {
    cutSums.nextPass();
    const width = 4 * this.#layout.width4;
    const form = this.#layout.postNorms
      ? new NormedInputs(this.#topology, width)
      : new SummedInputs(this.#topology, width, cutSums);
    this.#writer.restart(this.#room(circuits, form));
    this.#rows.take(this.#writer, rows);
    for (let l = 0; l < this.#topology.layers; l++) {
      this.#fillAttention(l, circuits, form);
      this.#fillMlp(l, circuits, form);
    }
    const ports = [this.#topology.logitsPort];
    writeInputs(this.#writer, this.logits, this.#topology, width, circuits, ports, form, () =>
      this.#rows.list('logits'),
    );
  }

  /** Words that the lists of a pass take at most. */
  #room(circuits: readonly CircuitWork[], form: InputForm): number {
    const { ports, layers } = this.#topology;
    let room = circuits.length * layers * this.#tokens; // rows of MLPs
    for (const { compute } of circuits) {
      for (let port = 0; port < ports.length; port++) if (compute.ports[port] !== REACH.none) room += form.room(port);
    }
    return room;
  }

  #fillAttention(l: number, circuits: readonly CircuitWork[], form: InputForm): void {
    const topology = this.#topology;
    const { heads } = topology;
    const { head4, width4 } = this.#layout;
    const tables = this.layers[l]!;
    const firstPort = topology.headPort(l, 'q', 0);
    const ports = Array.from({ length: topology.attentionPorts }, (_, place) => firstPort + place);
    const slots = this.#fillInputs(tables.headInputs, circuits, ports, form);
    const shape = { ports: ports.length, runs: this.#runs, head4, width4, tokens: this.#tokens };
    const { projected, shared } = this.#shares
      ? shareProjections(slots, this.#portHeads)
      : { projected: slots, shared: [] };
    writeProjections(this.#writer, tables.projections, this.#places.chunks.qkv, shape, projected);
    if (this.#layout.queryKeyNorm === 'projection') {
      const places = { topology, layout: this.#layout, portHeads: this.#portHeads, tokens: this.#tokens };
      writeJointNorms(this.#writer, tables.joint, this.#places.chunks.qkv, places, projected);
    }
    this.#fillQueriesAndKeys(tables, projected);
    const writer = this.#writer;
    writer.begin(tables.repetition);
    for (const { circuit, port, of, rows } of shared) {
      const [from, to] = [this.#portAt(circuit, of), this.#portAt(circuit, port)];
      const job = { source_at: from, target_at: to, rows_at: rows.at, rows: rows.count };
      writer.job(tables.repetition, 'repeat_rows', job, rows.count);
    }
    this.#fillReplaced(l, circuits, firstPort);

    writer.begin(tables.heads);
    const products: WholeJob[] = [];
    circuits.forEach(({ compute }, c) => {
      for (let h = 0; h < heads; h++) {
        const reach = compute.writers[topology.headWriter(l, h)]!;
        if (reach === REACH.none) continue;
        const rows = this.#rows.of(reach);
        const pairs = this.#rows.pairsOf(reach);
        writer.add(attentionWork(pairs, rows.count, 4 * head4, this.#tokens, this.#sequence));
        const job = { circuit_head: c * heads + h, rows_at: rows.at, rows: rows.count };
        writer.job(tables.heads, 'attention_pattern', job, rows.count);
        products.push({
          a: (c * heads + h) * this.#tokens * head4,
          weight: h * 4 * head4 * PANEL4,
          out: this.#writerAt(c, topology.headWriter(l, h)),
          rows,
        });
      }
    });
    writer.writeProduct(tables.attentionOut, this.#places.chunks.attentionOut, head4, products);
  }

  /** Projections of cut direct edges, where they are read. */
  #fillReplaced(l: number, circuits: readonly CircuitWork[], firstPort: number): void {
    const topology = this.#topology;
    const { replaced } = this.layers[l]!;
    this.#writer.begin(replaced);
    circuits.forEach(({ circuit, compute }, c) => {
      if (circuit.hasAll(topology.directEdge(firstPort), topology.attentionPorts)) return;
      for (let place = 0; place < topology.attentionPorts; place++) {
        const port = firstPort + place;
        if (circuit.has(topology.directEdge(port))) continue;
        const reaches = topology.headsOf(port).map((h) => compute.writers[topology.headWriter(l, h)]!);
        const reach = portReach(topology.ports[port]!, Math.max(...reaches) as Reach);
        if (reach === REACH.none) continue;
        const rows = this.#rows.of(reach);
        this.#writer.job(replaced, 'copy_rows', this.#replacement(c, l, place, rows), rows.count);
      }
    });
  }

  /** Projected queries and keys through their norms, and turned by their positions, where the model does that. */
  #fillQueriesAndKeys(tables: LayerTables, projected: readonly (InputSlot | undefined)[]): void {
    const { queryKeyNorm, rotaryPairs, head4 } = this.#layout;
    const ports = this.#portHeads.length;
    const writer = this.#writer;
    writer.begin(tables.headNorms);
    writer.begin(tables.rotary);
    if (queryKeyNorm !== 'head' && rotaryPairs === 0) return;
    projected.forEach((slot, i) => {
      const [circuit, port] = [Math.floor(i / ports), i % ports];
      if (!slot || port >= this.#topology.attentionPort('v', 0)) return;
      const { at: rowsAt, count } = slot.rows;
      const at = this.#portAt(circuit, port);
      if (queryKeyNorm === 'head') {
        writer.add(normWork(count, 4 * head4));
        const job = { at, rows_at: rowsAt, rows: count, gain: this.#portHeads[port]! };
        writer.job(tables.headNorms, 'norm_in_place', job, count);
      }
      if (rotaryPairs > 0) writer.job(tables.rotary, 'rotary', { at: 4 * at, rows_at: rowsAt, rows: count }, count);
    });
  }

  /** Where the projection of a port begins, in vec4s of [C, T, ports, dh]. */
  #portAt(circuit: number, port: number): number {
    return (circuit * this.#tokens * this.#portHeads.length + port) * this.#layout.head4;
  }

  /** A job that gives some rows of a port's projection [T, ports, dh] the ablated ones, of [L, T, ports, dh]. */
  #replacement(circuit: number, layer: number, port: number, rows: RowsOf): Job<'copy_rows'> {
    const columns = 4 * this.#layout.head4;
    const stride = this.#topology.attentionPorts * columns;
    const size = this.#tokens * stride;
    return {
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
    };
  }

  #fillMlp(l: number, circuits: readonly CircuitWork[], form: InputForm): void {
    const { width4, mlp4, gate4 } = this.#layout;
    const tables = this.layers[l]!;
    // slots[c] is undefined where the MLP of circuit c is not computed. Without MLPs there are no slots.
    const slots = this.#fillInputs(tables.mlpInput, circuits, this.#topology.mlpPorts(l), form);
    const writer = this.#writer;
    // Rows of all circuits lie side by side: one product takes them together, so that they share tiles and weights.
    const rows = tables.mlpInput.totalRows;
    const every = rows > 0 ? [{ a: 0, out: 0, rows: everyRow(rows) }] : [];
    writer.writeProduct(tables.mlpIn, this.#places.chunks.mlpIn, width4, every);
    writer.add(productWork(rows, 4 * width4, 4 * gate4)); // a gate takes the same jobs
    const out = rows > 0 ? [{ a: 0, out: 0, rows: this.#rowsOfMlps(l, slots) }] : [];
    writer.writeProduct(tables.mlpOut, this.#places.chunks.mlpOut, mlp4, out);
    writer.begin(tables.mlpPostNorm);
    if (!this.#layout.postNorms) return;
    slots.forEach((slot, c) => {
      if (!slot) return;
      const { at, count } = slot.rows;
      writer.add(normWork(count, 4 * width4));
      const job = { at: this.#writerAt(c, this.#topology.mlpWriter(l)), rows_at: at, rows: count, gain: 0 };
      writer.job(tables.mlpPostNorm, 'norm_in_place', job, count);
    });
  }

  /** Where the rows of the MLPs of all circuits go: rows of the outputs of all writers. */
  #rowsOfMlps(l: number, slots: readonly (InputSlot | undefined)[]): RowsOf {
    const rows: number[] = [];
    slots.forEach((slot, c) => {
      if (!slot) return;
      const first = this.#writerAt(c, this.#topology.mlpWriter(l)) / this.#layout.width4;
      for (let i = 0; i < slot.rows.count; i++) rows.push(first + this.words[slot.rows.at + i]!);
    });
    return this.#writer.list(rows);
  }

  #fillInputs(
    tables: InputTables,
    circuits: readonly CircuitWork[],
    ports: readonly number[],
    form: InputForm,
  ): (InputSlot | undefined)[] {
    const width = 4 * this.#layout.width4;
    return writeInputs(this.#writer, tables, this.#topology, width, circuits, ports, form, (reach) =>
      this.#rows.of(reach),
    );
  }

  /** Where the outputs of a writer begin, in vec4s. */
  #writerAt(c: number, writer: number): number {
    return (c * this.#topology.writers.length + writer) * this.#tokens * this.#layout.width4;
  }
}
