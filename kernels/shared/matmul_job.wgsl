// Shared by the kernels of the matrix product: their inputs, their jobs, and the order of arithmetic.
//   out_j[r] = activation(a_j[r] * W_j + bias_j)
// With MULTIPLIES the result multiplies what is in out_j[r]: in a gated MLP, the up product, which was written before.
// Each output is one chain of multiply-adds over k in ascending order that starts from 0. So every tile gives the same
// bits.
//
// W lies in panels of PANEL vec4 columns, each panel row after row: a workgroup walks through one piece of memory.
// Shapes (vec4 units): a_j [rows_j, inner4], W_j 4 * inner4 rows of panels [panels, 4 * panel_rows4, PANEL], out_j with
// row stride out_stride.
struct Params {
  inner4: u32,
  panel_rows4: u32,
  out_stride: u32,
  jobs_at: u32,
}
override HAS_BIAS: bool;
override MULTIPLIES: bool;
const PANEL = 32u;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight
//#include activation
//#include multiply_add
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

// One product. Offsets and columns count vec4s.
struct Job {
  a: u32, // where its first row begins
  weight: u32,
  bias: u32,
  out: u32,
  first: u32, // the columns first..end are made, counted from the offsets
  end: u32,
  rows: u32, // number of rows of a, one after the other
  rows_at: u32, // where control lists the row of `out` that each row goes to; EVERY: row r to row r
}

// Where a row of `a` begins; a row beyond the job's last is its last, computed again and not stored.
fn row_at(job: Job, row: u32) -> u32 {
  return job.a + min(row, job.rows - 1u) * params.inner4;
}

// Where the first row of W has its vec4 column `column`, counted from the job's offset.
fn column_at(job: Job, column: u32) -> u32 {
  return job.weight + (column / PANEL) * 4u * params.panel_rows4 * PANEL + column % PANEL;
}

// What the job adds to its vec4 column `column`.
fn bias_of(job: Job, column: u32) -> vec4f {
  if (HAS_BIAS) { return bias[job.bias + column]; }
  return vec4f();
}

// The row of `out` that a row goes to; any number for a row that the job does not have.
fn place_of(job: Job, row: u32) -> u32 {
  if (job.rows_at == EVERY) { return row; }
  return control[job.rows_at + min(row, job.rows - 1u)];
}

// The end of the chain, to its place; nothing where the job does not make this output. `own_bias` and `place` are what
// the functions above give: whoever has many rows asks for them once.
fn finish(job: Job, row: u32, column: u32, own_bias: vec4f, place: u32, sum: vec4f) {
  if (row >= job.rows || column < job.first || column >= job.end) { return; }
  var value = sum;
  if (HAS_BIAS) { value += own_bias; }
  let at = job.out + column + place * params.out_stride;
  var made = activate(value);
  if (MULTIPLIES) { made *= out[at]; }
  out[at] = made;
}
