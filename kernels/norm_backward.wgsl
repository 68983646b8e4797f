// Turns dL/dy into dL/dx, in place, where y = n * gain + bias, n = (x - mean) * scale, scale = 1 / sqrt(variance +
// epsilon). The formula is in shared/row_norm_backward.wgsl. CENTRED false is the RMS norm; FROZEN takes the scale as a
// constant.
//
// One workgroup per row. A row's result depends on that row alone. Several gradients share the rows of x: every port of
// a layer reads the same stream.
// Shapes: x [x_rows, width4], gain [width4], gradient [rows, width4]; row r belongs to row r mod x_rows of x.
// Grid: rows workgroups in x and y.
// Source of the frozen scale: the LN rule, Ali et al. 2022 (arXiv:2202.07304).
// Checked by test/gpu/kernels.test.ts (norm_backward).
struct Params {
  rows: u32,
  x_rows: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
override WORKGROUP: u32;
override CENTRED: bool;
override FROZEN: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
//#include row_norm_backward

@compute @workgroup_size(WORKGROUP)
fn norm_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  row_norm_backward((row % params.x_rows) * params.width4, row * params.width4, 0u, lane);
}
