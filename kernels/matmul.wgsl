// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j that share their sizes: all heads of all circuits at once.
//
// Register tile: one invocation makes TILE_ROWS rows by two vec4 columns, reads W through the cache and uses no workgroup
// memory: each weight loaded serves TILE_ROWS rows. Every output is one sum over k in ascending order, so it depends neither
// on the tile nor on the batch. Rows beyond the last are computed from the last row and not stored.
// Shapes (vec4 units): a_j [rows, inner4], row stride a_stride; W_j [4 * inner4, columns4], row stride w_stride;
// out_j [rows, columns4], row stride out_stride. control holds at jobs_at, per job: offsets of a, W, bias and out.
// Grid: x covers columns4 in tiles of 2 * WG_X, y covers rows in tiles of TILE_ROWS * WG_Y, z = jobs.
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
override WG_X: u32;
override WG_Y: u32;
override HAS_BIAS: bool;
const TILE_ROWS = 8u;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
//#include activation
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(WG_X, WG_Y)
fn matmul(@builtin(global_invocation_id) gid: vec3u) {
  let left = 2u * gid.x;
  let top = TILE_ROWS * gid.y;
  if (left >= params.columns4 || top >= params.rows) { return; }
  let right = min(left + 1u, params.columns4 - 1u);
  let job = params.jobs_at + 4u * gid.z;

  var a_at: array<u32, TILE_ROWS>;
  var sum_left: array<vec4f, TILE_ROWS>;
  var sum_right: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) {
    a_at[r] = control[job] + min(top + r, params.rows - 1u) * params.a_stride;
  }
  var w_at = control[job + 1u];
  for (var k4 = 0u; k4 < params.inner4; k4++) {
    let l0 = load_weight(w_at + left);
    let r0 = load_weight(w_at + right);
    w_at += params.w_stride;
    let l1 = load_weight(w_at + left);
    let r1 = load_weight(w_at + right);
    w_at += params.w_stride;
    let l2 = load_weight(w_at + left);
    let r2 = load_weight(w_at + right);
    w_at += params.w_stride;
    let l3 = load_weight(w_at + left);
    let r3 = load_weight(w_at + right);
    w_at += params.w_stride;
    for (var r = 0u; r < TILE_ROWS; r++) {
      let v = a[a_at[r] + k4];
      sum_left[r] = fma(vec4f(v.w), l3, fma(vec4f(v.z), l2, fma(vec4f(v.y), l1, fma(vec4f(v.x), l0, sum_left[r]))));
      sum_right[r] = fma(vec4f(v.w), r3, fma(vec4f(v.z), r2, fma(vec4f(v.y), r1, fma(vec4f(v.x), r0, sum_right[r]))));
    }
  }
  let bias_at = control[job + 2u];
  let out_at = control[job + 3u];
  for (var r = 0u; r < TILE_ROWS; r++) {
    if (top + r >= params.rows) { break; }
    let row_at = out_at + (top + r) * params.out_stride;
    store(row_at + left, bias_at + left, sum_left[r]);
    if (left + 1u < params.columns4) { store(row_at + right, bias_at + right, sum_right[r]); }
  }
}

fn store(out_at: u32, bias_at: u32, sum: vec4f) {
  var value = sum;
  if (HAS_BIAS) { value += bias[bias_at]; }
  out[out_at] = activate(value);
}
