// y[r] = (x[r] - mean) / sqrt(variance + epsilon) * gain + bias, variance over the population of `width` columns
//
// CENTRED false is the RMS norm (shared/row_norm.wgsl).
// One workgroup per row. Sums are those of shared/reduce_sum.wgsl, so a row's result depends on that row alone.
// Shapes: x, y [rows, width4]; gain, bias [width4]. Grid: rows workgroups in x and y.
// Sources: Ba et al. 2016 (arXiv:1607.06450); RMS norm: Zhang and Sennrich 2019 (arXiv:1910.07467).
// Checked by test/gpu/kernels.test.ts (norm).
struct Params {
  rows: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
override WORKGROUP: u32;
override CENTRED: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
//#include row_norm

@compute @workgroup_size(WORKGROUP)
fn norm(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let statistics = row_norm(row * params.width4, lane);
  for (var c = lane; c < params.width4; c += WORKGROUP) { y[statistics.at + c] = normed(statistics, 0u, c); }
}
