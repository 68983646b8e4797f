// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j: dX = dY W^T, from the panels that matmul.wgsl reads.
//
// A gradient goes back through a product without a second, transposed copy of the weights. Register tile: one invocation makes
// TILE_ROWS rows by four neighbouring columns k, which are four rows of W. It walks along those rows of a panel, one piece of
// PANEL vec4s each, while all invocations of the workgroup read the same element of dy at once (a scalar load). No workgroup
// memory. Every output is one sum over c in ascending order, so it depends neither on the tile nor on the batch; a matrix in
// several chunks takes a dispatch each, of which the later ones add to what is there. Rows beyond the last are computed from
// the last row and not stored.
// Shapes (vec4 units): dy_j [rows, ...] with row stride dy_stride, W 4 * inner4 rows of panels [panels, 4 * inner4, PANEL],
// out_j [rows, inner4] with row stride out_stride. control holds at jobs_at, five words per job: offset of dy (its element of
// the job's first column), offset of out, the columns first..end of the bound chunk that the job adds up, and whether to add
// to out (1) or to write it (0).
// Grid: x covers inner4, y covers rows in tiles of TILE_ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
struct Params {
  rows: u32,
  inner4: u32,
  dy_stride: u32,
  out_stride: u32,
  jobs_at: u32,
}
const TILE_ROWS = 8u;
const PANEL = 32u;
const WORKGROUP = 32u;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn matmul_transposed(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = params.jobs_at + 5u * wid.z;
  let k4 = WORKGROUP * wid.x + lane;
  if (k4 >= params.inner4) { return; }
  let top = TILE_ROWS * wid.y;
  let first = control[job + 2u];
  let end = control[job + 3u];

  var dy_at: array<u32, TILE_ROWS>;
  var sum: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) {
    dy_at[r] = control[job] + min(top + r, params.rows - 1u) * params.dy_stride;
  }
  var column = first;
  while (column < end) {
    let panel = column / PANEL;
    let stop = min(end, PANEL * (panel + 1u));
    var w_at = (panel * 4u * params.inner4 + 4u * k4) * PANEL + column % PANEL;
    for (; column < stop; column++) {
      let w = transpose(mat4x4f(
        load_weight(w_at),
        load_weight(w_at + PANEL),
        load_weight(w_at + 2u * PANEL),
        load_weight(w_at + 3u * PANEL),
      ));
      w_at++;
      for (var r = 0u; r < TILE_ROWS; r++) {
        let v = dy[dy_at[r] + column - first];
        sum[r] = fma(vec4f(v.w), w[3], fma(vec4f(v.z), w[2], fma(vec4f(v.y), w[1], fma(vec4f(v.x), w[0], sum[r]))));
      }
    }
  }
  let adds = control[job + 4u] != 0u;
  let out_at = control[job + 1u] + k4;
  for (var r = 0u; r < TILE_ROWS; r++) {
    if (top + r >= params.rows) { break; }
    let at = out_at + (top + r) * params.out_stride;
    if (adds) { out[at] += sum[r]; } else { out[at] = sum[r]; }
  }
}
