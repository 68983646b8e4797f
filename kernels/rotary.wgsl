// (x_i, x_{i + pairs}) <- (x_i cos - x_{i + pairs} sin, x_{i + pairs} cos + x_i sin), for the first 2 pairs columns
//
// Turns queries and keys by their positions, in place. INVERSE turns back: that takes a gradient from the turned rows
// to the rows before. The cosines and sines of all positions are given: a device's own lose digits at large angles. Row
// t is at position t mod sequence. One invocation per pair of a row.
// Shapes: angles [S, pairs] (cosine, sine), x [any] (f32), rows row_stride elements apart.
// Grid: x and y cover the most rows of a job * pairs in workgroups of 64, z = jobs.
// Source: Su et al. 2021 (arXiv:2104.09864), with the pairs of GPT-NeoX and Llama in Hugging Face's layout.
// Checked by test/gpu/kernels.test.ts (rotary).
struct Params {
  jobs_at: u32,
  sequence: u32,
  row_stride: u32,
  pairs: u32,
}
// Rows of one head.
struct Job {
  at: u32, // element of x at which its row 0 begins
  rows_at: u32, // where control lists the rows; EVERY: row r is r
  rows: u32, // their number
}
override INVERSE: bool;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> angles: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn rotary(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= job.rows * params.pairs) { return; }
  var row = i / params.pairs;
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let pair = i % params.pairs;
  var turn = angles[(row % params.sequence) * params.pairs + pair];
  if (INVERSE) { turn.y = -turn.y; }
  let at = job.at + row * params.row_stride + pair;
  let first = x[at];
  let second = x[at + params.pairs];
  x[at] = first * turn.x - second * turn.y;
  x[at + params.pairs] = second * turn.x + first * turn.y;
}
