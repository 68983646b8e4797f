// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j that share their sizes: all heads of all circuits at once.
//
// W lies in panels of PANEL vec4 columns, each panel row after row, so that a workgroup walks through one piece of memory.
// Register tile: one invocation makes TILE_ROWS rows by one vec4 column. The rows are the workgroup's, so that all its
// invocations read the same element of `a` at once (a scalar load), while neighbours read neighbouring weights; each weight
// loaded serves TILE_ROWS rows. No workgroup memory. Every output is one sum over k in ascending order, so it depends
// neither on the tile nor on the batch. Rows beyond a job's last are computed from the last row and not stored.
// Shapes (vec4 units): a_j [rows_j, inner4], W_j 4 * inner4 rows of panels [panels, 4 * panel_rows4, PANEL], out_j [..] with row stride out_stride.
// control holds at jobs_at, eight words per job: offsets of a, W, bias and out; the columns first..end that the job makes,
// counted from those offsets; its number of rows; and where control lists the row of `out` that each row goes to (EVERY: r to r).
// Grid: x = panels, y covers the most rows of a job in tiles of TILE_ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul).
struct Params {
  inner4: u32,
  panel_rows4: u32,
  out_stride: u32,
  jobs_at: u32,
}
override HAS_BIAS: bool;
const TILE_ROWS = 8u;
const PANEL = 32u;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
//#include activation
@group(0) @binding(2) var<storage, read> control: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(PANEL)
fn matmul(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = params.jobs_at + 8u * wid.z;
  let column = PANEL * wid.x + lane;
  if (column < control[job + 4u] || column >= control[job + 5u]) { return; }
  let top = TILE_ROWS * wid.y;
  let rows = control[job + 6u];
  if (top >= rows) { return; }

  var a_at: array<u32, TILE_ROWS>;
  var sum: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) {
    a_at[r] = control[job] + min(top + r, rows - 1u) * params.inner4;
  }
  var w_at = control[job + 1u] + wid.x * 4u * params.panel_rows4 * PANEL + lane;
  for (var k4 = 0u; k4 < params.inner4; k4++) {
    let w0 = load_weight(w_at);
    let w1 = load_weight(w_at + PANEL);
    let w2 = load_weight(w_at + 2u * PANEL);
    let w3 = load_weight(w_at + 3u * PANEL);
    w_at += 4u * PANEL;
    for (var r = 0u; r < TILE_ROWS; r++) {
      let v = a[a_at[r] + k4];
      sum[r] = fma(vec4f(v.w), w3, fma(vec4f(v.z), w2, fma(vec4f(v.y), w1, fma(vec4f(v.x), w0, sum[r]))));
    }
  }
  let bias_at = control[job + 2u] + column;
  let out_at = control[job + 3u] + column;
  let rows_at = control[job + 7u];
  for (var r = 0u; r < TILE_ROWS; r++) {
    if (top + r >= rows) { break; }
    var value = sum[r];
    if (HAS_BIAS) { value += bias[bias_at]; }
    var row = top + r;
    if (rows_at != EVERY) { row = control[rows_at + row]; }
    out[out_at + row * params.out_stride] = activate(value);
  }
}
