import { projectedBranches } from '../../block/projections.js';
import { branchPlaces, columnRuns, type ColumnRun } from '../../block/projected-ports.js';
import { BRANCHES } from '../../circuit/nodes.js';
import { portReach, REACH, type Reach } from '../../circuit/reachability.js';
import type { Topology } from '../../circuit/topology.js';
import { packJob } from '../../gpu/kernel.js';
import { everyRow, type RowsOf } from '../../gpu/product/matmul.js';
import { PANEL4 } from '../../gpu/product/matrix.js';
import { attentionWork, normWork, productWork, type Work } from '../../gpu/work.js';
import { projectionHead, type Layout } from '../../model/layout.js';
import { writeInputs, type CircuitWork, type InputForm, type InputSlot } from './input-jobs.js';
import { writeJointNorms } from './joint-norm-jobs.js';
import { NormedInputs } from './normed-inputs.js';
import { SummedInputs } from './summed-inputs.js';
import { JobWriter } from './job-writer.js';
import type { PassShape } from '../pass-plan.js';
import type { CutSums } from '../cut-sums.js';
import { writeProjections } from './projection-jobs.js';
import { shareProjections } from './shared-ports.js';
import type { RowLists } from '../row-lists.js';
import { RowTables } from './row-tables.js';
import { layOutTables, type InputTables, type JobTable, type LayerTables, type TableLayout } from './table-layout.js';

/**
 * The words that tell the kernels of one pass which circuits to compute, which nodes of them, and at which rows. `fill`
 * rewrites the jobs and the lists of writers. It writes row lists only when they change.
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
    this.#tokens = shape.prompts * shape.sequence;
    this.#sequence = shape.sequence;
    this.layers = this.#places.layers;
    this.logits = this.#places.logits;
  }

  /** All words. Their number never changes. */
  get words(): Uint32Array<ArrayBuffer> {
    return this.#writer.words;
  }

  /** The words that the last `fill` wrote. */
  get written(): Uint32Array<ArrayBuffer> {
    return this.#writer.written;
  }

  /** What the jobs of the last `fill` cost: operations on f32, and bytes that they read and write at least. */
  get work(): readonly Work[] {
    return this.#writer.work;
  }

  /** Writes the jobs of one pass over `circuits`. */
  fill(circuits: readonly CircuitWork[], rows: RowLists, cutSums: CutSums): void {
    this.#writer.restart();
    cutSums.nextPass();
    const width = 4 * this.#layout.width4;
    const form = this.#layout.postNorms
      ? new NormedInputs(this.#topology, width)
      : new SummedInputs(this.#topology, width, cutSums);
    this.#rows.take(this.words, rows);
    for (let l = 0; l < this.#topology.layers; l++) {
      this.#fillAttention(l, circuits, form);
      this.#fillMlp(l, circuits, form);
    }
    const ports = [this.#topology.logitsPort];
    writeInputs(this.#writer, this.logits, this.#topology, width, circuits, ports, form, () =>
      this.#rows.list('logits'),
    );
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
    const { projected, shared } = shareProjections(slots, this.#portHeads);
    writeProjections(this.#writer, tables.projections, this.#places.chunks.qkv, shape, projected);
    if (this.#layout.queryKeyNorm === 'projection') {
      const places = { topology, layout: this.#layout, portHeads: this.#portHeads, tokens: this.#tokens };
      writeJointNorms(this.#writer, tables.joint, this.#places.chunks.qkv, places, projected);
    }
    this.#fillQueriesAndKeys(tables, projected);
    this.#writer.write(
      tables.repetition,
      shared.map(({ circuit, port, of, rows }) => {
        const [from, to] = [this.#portAt(circuit, of), this.#portAt(circuit, port)];
        const job = { source_at: from, target_at: to, rows_at: rows.at, rows: rows.count };
        return { words: packJob('repeat_rows', job), rows: rows.count };
      }),
    );

    const computed = circuits.flatMap(({ compute }, c) =>
      Array.from({ length: heads }, (_, h) => ({ c, h, reach: compute.writers[topology.headWriter(l, h)]! })).filter(
        ({ reach }) => reach !== REACH.none,
      ),
    );
    this.#writer.write(
      tables.replaced,
      circuits.flatMap(({ circuit, compute }, c) =>
        ports.flatMap((port, place) => {
          if (circuit.has(topology.directEdge(port))) return [];
          const reaches = topology.headsOf(port).map((h) => compute.writers[topology.headWriter(l, h)]!);
          const reach = portReach(topology.ports[port]!, Math.max(...reaches) as Reach);
          if (reach === REACH.none) return [];
          const rows = this.#rows.of(reach);
          return [{ words: this.#replacement(c, l, place, rows), rows: rows.count }];
        }),
      ),
    );
    this.#writer.write(
      tables.heads,
      computed.map(({ c, h, reach }) => {
        const rows = this.#rows.of(reach);
        const pairs = this.#rows.pairsOf(reach);
        this.#writer.add(attentionWork(pairs, rows.count, 4 * head4, this.#tokens, this.#sequence));
        const job = { circuit_head: c * heads + h, rows_at: rows.at, rows: rows.count };
        return { words: packJob('attention_pattern', job), rows: rows.count };
      }),
    );
    const jobs = computed.map(({ c, h, reach }) => ({
      a: (c * heads + h) * this.#tokens * head4,
      weight: h * 4 * head4 * PANEL4,
      out: this.#writerAt(c, topology.headWriter(l, h)),
      rows: this.#rows.of(reach),
    }));
    this.#writer.writeProduct(tables.attentionOut, this.#places.chunks.attentionOut, head4, jobs);
  }

  /** Projected queries and keys through their norms, and turned by their positions, where the model does that. */
  #fillQueriesAndKeys(tables: LayerTables, projected: readonly (InputSlot | undefined)[]): void {
    const { queryKeyNorm, rotaryPairs, head4 } = this.#layout;
    const ports = this.#portHeads.length;
    const rows = projected.flatMap((slot, i) => {
      const [circuit, port] = [Math.floor(i / ports), i % ports];
      return slot && port < this.#topology.attentionPort('v', 0) ? [{ circuit, port, ...slot.rows }] : [];
    });
    const written = (table: JobTable, words: (row: (typeof rows)[number]) => number[]): void =>
      this.#writer.write(
        table,
        rows.map((row) => ({ words: words(row), rows: row.count })),
      );
    if (queryKeyNorm === 'head') {
      written(tables.headNorms, ({ circuit, port, at, count }) => {
        this.#writer.add(normWork(count, 4 * head4));
        const gain = this.#portHeads[port]!;
        return packJob('norm_in_place', { at: this.#portAt(circuit, port), rows_at: at, rows: count, gain });
      });
    }
    if (rotaryPairs > 0) {
      written(tables.rotary, ({ circuit, port, at, count }) =>
        packJob('rotary', { at: 4 * this.#portAt(circuit, port), rows_at: at, rows: count }),
      );
    }
  }

  /** Where the projection of a port begins, in vec4s of [C, T, ports, dh]. */
  #portAt(circuit: number, port: number): number {
    return (circuit * this.#tokens * this.#portHeads.length + port) * this.#layout.head4;
  }

  /** A job that gives some rows of a port's projection [T, ports, dh] the ablated ones, of [L, T, ports, dh]. */
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

  #fillMlp(l: number, circuits: readonly CircuitWork[], form: InputForm): void {
    const { width4, mlp4, gate4 } = this.#layout;
    const tables = this.layers[l]!;
    // slots[c] is undefined where the MLP of circuit c is not computed. Without MLPs there are no slots.
    const slots = this.#fillInputs(tables.mlpInput, circuits, this.#topology.mlpPorts(l), form);
    const computed = slots.flatMap((slot, c) => (slot === undefined ? [] : [{ c, ...slot }]));
    const hiddenAt = (c: number): number => c * this.#tokens * mlp4;
    this.#writer.writeProduct(
      tables.mlpIn,
      this.#places.chunks.mlpIn,
      width4,
      computed.map(({ c, firstRow, rows }) => ({
        a: firstRow * width4,
        out: hiddenAt(c),
        rows: everyRow(rows.count),
      })),
    );
    // A gate takes the same jobs.
    for (const { rows } of computed) this.#writer.add(productWork(rows.count, 4 * width4, 4 * gate4));
    this.#writer.writeProduct(
      tables.mlpOut,
      this.#places.chunks.mlpOut,
      mlp4,
      computed.map(({ c, rows }) => ({ a: hiddenAt(c), out: this.#writerAt(c, this.#topology.mlpWriter(l)), rows })),
    );
    if (!this.#layout.postNorms) return;
    this.#writer.write(
      tables.mlpPostNorm,
      computed.map(({ c, rows: { at, count } }) => {
        this.#writer.add(normWork(count, 4 * width4));
        const start = this.#writerAt(c, this.#topology.mlpWriter(l));
        return { words: packJob('norm_in_place', { at: start, rows_at: at, rows: count, gain: 0 }), rows: count };
      }),
    );
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
