// y[i] = activation(x[i])
//
// For passes that go backwards: they keep the hidden layer from before its activation.
// Shapes: x, y [count4] in vec4s. Grid: workgroups of 64 in x and y.
// Checked by test/gpu/kernels.test.ts (activate_rows).
struct Params {
  count4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
//#include activation

@compute @workgroup_size(64)
fn activate_rows(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.count4) { return; }
  y[i] = activate(x[i]);
}
