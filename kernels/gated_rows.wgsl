// y[i] = activation(gate[i]) * up[i]: the hidden layer of a gated MLP
//
// For passes that go backwards: they keep both factors from before the activation.
// Shapes: gate, up, y [count4] in vec4s. Grid: workgroups of 64 in x and y.
// Source: Shazeer 2020 (arXiv:2002.05202). Checked by test/gpu/kernels.test.ts (gated_rows).
struct Params {
  count4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
//#include activation

@compute @workgroup_size(64)
fn gated_rows(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.count4) { return; }
  y[i] = activate(gate[i]) * up[i];
}
