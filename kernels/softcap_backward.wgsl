// gradient[r, c] *= 1 - (y[r, c] / cap)^2, y = cap * tanh(x / cap): takes a gradient to before a softcap, in place
//
// One workgroup per row and block (shared/row_blocks.wgsl). The product (1 - t)(1 + t) keeps the digits of 1 - t^2
// where the cap is nearly reached.
// Shapes: y, gradient [rows, stride] (f32), the first `columns` of a row. Grid: rows in x and y, blocks in z.
// Source: Gemma 2 (arXiv:2408.00118). Checked by test/gpu/kernels.test.ts (softcap_backward).
struct Params {
  rows: u32,
  columns: u32,
  stride: u32,
  cap: f32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
//#include row_blocks

@compute @workgroup_size(WORKGROUP)
fn softcap_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let end = min(BLOCK * (wid.z + 1u), params.columns);
  for (var v = BLOCK * wid.z + lane; v < end; v += WORKGROUP) {
    let at = row * params.stride + v;
    let t = y[at] / params.cap;
    gradient[at] *= (1.0 - t) * (1.0 + t);
  }
}
