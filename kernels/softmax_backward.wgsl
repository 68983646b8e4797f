// Turns dL/dp into dL/ds, in place, where p = softmax(scale * s):
//   gradient[r, j] <- scale * p[r, j] (gradient[r, j] - sum over j' of p[r, j'] gradient[r, j'])
//
// p may be another softmax than the one that was computed forwards: GIM takes the same scores at temperature 2.
// One invocation per row: no barrier, and a row depends on that row alone. Where p is 0, as beyond a query, dL/ds is 0.
// Shapes: p, gradient [rows, columns] (f32). Grid: workgroups of 64 rows in x and y.
// Checked by test/gpu/kernels.test.ts (softmax_backward).
struct Params {
  rows: u32,
  columns: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn softmax_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = 64u * (wid.y * groups.x + wid.x) + lane;
  if (row >= params.rows) { return; }
  let at = row * params.columns;
  var mean = 0.0;
  for (var j = 0u; j < params.columns; j++) { mean += p[at + j] * gradient[at + j]; }
  for (var j = 0u; j < params.columns; j++) { gradient[at + j] = params.scale * p[at + j] * (gradient[at + j] - mean); }
}
