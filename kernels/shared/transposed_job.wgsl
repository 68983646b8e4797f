// Shared by the kernels of the product with a transposed matrix: dX = dY W^T.
//   out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c]
// They read the panels of the forward product, so that the way back needs no transposed copy of the weights. Each
// output is one chain of multiply-adds over c in ascending order that starts from 0: every tile gives the same bits. A
// matrix in several chunks takes a dispatch each; all but the first add to what is there.
// Shapes (vec4 units): dy_j [rows, ...] with row stride dy_stride, W 4 * inner4 rows of panels
// [panels, 4 * inner4, PANEL], out_j [rows, inner4] with row stride out_stride.
struct Params {
  rows: u32,
  inner4: u32,
  dy_stride: u32,
  out_stride: u32,
  jobs_at: u32,
}
const PANEL = 32u;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight
//#include multiply_add
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

// One product. Offsets and columns count vec4s.
struct Job {
  dy: u32, // where dy has the job's first column
  out: u32,
  first: u32, // the columns first..end of the bound chunk are added up
  end: u32,
  adds: u32, // 1: add to out; 0: write it
}

// Where a row of dy has column 0 of the chunk, which may lie before the job's columns; rows beyond the last are the
// last.
fn dy_row_at(job: Job, row: u32) -> u32 {
  return job.dy + min(row, params.rows - 1u) * params.dy_stride - job.first;
}

// Where row `k` of the chunk has column `column`; the columns up to the end of its panel follow.
fn weight_at(k: u32, column: u32) -> u32 {
  return ((column / PANEL) * 4u * params.inner4 + k) * PANEL + column % PANEL;
}

// Columns of W at `w_at` for four neighbouring rows: element c of the result holds column c of the four, one after the
// other.
fn four_rows(w_at: u32) -> mat4x4f {
  return transpose(mat4x4f(
    load_weight(w_at),
    load_weight(w_at + PANEL),
    load_weight(w_at + 2u * PANEL),
    load_weight(w_at + 3u * PANEL),
  ));
}

// The end of the chain, to its place; nothing where there is no such row or column.
fn finish(job: Job, row: u32, k4: u32, sum: vec4f) {
  if (row >= params.rows || k4 >= params.inner4) { return; }
  let at = job.out + row * params.out_stride + k4;
  if (job.adds != 0u) { out[at] += sum; } else { out[at] = sum; }
}
