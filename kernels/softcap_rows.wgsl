// x[r, c] <- cap * tanh(x[r, c] / cap) for the first `columns` columns, in place: the softcap of logits
//
// One workgroup per row and block (shared/row_blocks.wgsl).
// Shapes: x [rows, stride] (f32). Grid: rows in x and y, blocks in z.
// Source: Gemma 2 (arXiv:2408.00118). Checked by test/gpu/kernels.test.ts (softcap_rows).
struct Params {
  rows: u32,
  columns: u32,
  stride: u32,
  cap: f32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
//#include tanh_of
//#include row_blocks

@compute @workgroup_size(WORKGROUP)
fn softcap_rows(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let end = min(BLOCK * (wid.z + 1u), params.columns);
  for (var v = BLOCK * wid.z + lane; v < end; v += WORKGROUP) {
    let at = row * params.stride + v;
    x[at] = params.cap * tanh_of(x[at] / params.cap);
  }
}
