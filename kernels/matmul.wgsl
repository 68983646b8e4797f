// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j that share their sizes: all heads of all circuits at once.
//
// Register tile: one invocation makes TILE_ROWS rows by one vec4 column. The rows are the workgroup's, so that all its
// invocations read the same element of `a` at once (a scalar load), while neighbours read neighbouring weights; each weight
// loaded serves TILE_ROWS rows. No workgroup memory. Every output is one sum over k in ascending order, so it depends
// neither on the tile nor on the batch. Rows beyond the last are computed from the last row and not stored.
// Shapes (vec4 units): a_j [rows, inner4], row stride a_stride; W_j [4 * inner4, columns4], row stride w_stride;
// out_j [rows, columns4], row stride out_stride. control holds at jobs_at, per job: offsets of a, W, bias and out.
// Grid: x covers columns4 in tiles of WORKGROUP, y covers rows in tiles of TILE_ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 columns4 FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul).
struct Params {
  rows: u32,
  inner4: u32,
  columns4: u32,
  a_stride: u32,
  w_stride: u32,
  out_stride: u32,
  jobs_at: u32,
}
override WORKGROUP: u32;
override HAS_BIAS: bool;
const TILE_ROWS = 8u;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
//#include activation
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn matmul(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let column = gid.x;
  let top = TILE_ROWS * wid.y;
  if (column >= params.columns4) { return; }
  let job = params.jobs_at + 4u * wid.z;

  var a_at: array<u32, TILE_ROWS>;
  var sum: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) {
    a_at[r] = control[job] + min(top + r, params.rows - 1u) * params.a_stride;
  }
  var w_at = control[job + 1u] + column;
  for (var k4 = 0u; k4 < params.inner4; k4++) {
    let w0 = load_weight(w_at);
    let w1 = load_weight(w_at + params.w_stride);
    let w2 = load_weight(w_at + 2u * params.w_stride);
    let w3 = load_weight(w_at + 3u * params.w_stride);
    w_at += 4u * params.w_stride;
    for (var r = 0u; r < TILE_ROWS; r++) {
      let v = a[a_at[r] + k4];
      sum[r] = fma(vec4f(v.w), w3, fma(vec4f(v.z), w2, fma(vec4f(v.y), w1, fma(vec4f(v.x), w0, sum[r]))));
    }
  }
  let bias_at = control[job + 2u] + column;
  let out_at = control[job + 3u] + column;
  for (var r = 0u; r < TILE_ROWS; r++) {
    if (top + r >= params.rows) { break; }
    var value = sum[r];
    if (HAS_BIAS) { value += bias[bias_at]; }
    out[out_at + (top + r) * params.out_stride] = activate(value);
  }
}
