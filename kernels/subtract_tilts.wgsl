// gradients[p, t] -= tilts[p, t] * x[t] for some ports p
//
// The second part of kernels/sliced_norm_backward.wgsl, at the inputs of the ports. One invocation per four columns.
// Shapes: tilts [P, T] (f32), x [T, width4], gradients [P, T, width4], from port `first` on.
// Grid: workgroups of 64 over ports * T * width4 in x and y. Checked by test/gpu/kernels.test.ts (subtract_tilts).
struct Params {
  tokens: u32,
  width4: u32,
  first: u32,
  ports: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tilts: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradients: array<vec4f>;

@compute @workgroup_size(64)
fn subtract_tilts(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  let size = params.tokens * params.width4;
  if (i >= params.ports * size) { return; }
  let tilt = tilts[params.first * params.tokens + i / params.width4];
  gradients[params.first * size + i] -= tilt * x[i % size];
}
